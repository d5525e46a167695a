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

// A socket's address holds some 100 bytes; folders may be deeper. The folder is opened, and named by its descriptor.
func inFolder(path string, use func(address string) error) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }() // it was only read
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path)))
}

// listenSocket replaces a socket that an earlier process has left. Only its owner may open it.
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

// SocketTransport reaches a server by its Config.Socket, whatever host the address of a request names.
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
