package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

// inFolder opens the socket's folder and names it by its descriptor, because a socket's address may
// have only some 100 bytes.
func inFolder(path string, use func(address string) error) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // opened for reading only
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path)))
}

// listenSocket replaces a socket that an earlier process left behind. Only its owner may open it.
func listenSocket(path string) (l net.Listener, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	err = inFolder(path, func(address string) error {
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: address, Net: "unix"})
		if err != nil {
			return err
		}
		listener.SetUnlinkOnClose(false) // the descriptor in its name is closed by then
		l = listener
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// SocketTransport connects to a server's Config.Socket, whatever the host in a request's URL.
func SocketTransport(path string) *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (c net.Conn, err error) {
			err = inFolder(path, func(address string) error {
				c, err = new(net.Dialer).DialContext(ctx, "unix", address)
				return err
			})
			return c, err
		},
	}
}
