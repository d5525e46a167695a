package engine

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// daemonUser is the user name in the owner's requests that may write. Other requests may only read.
const daemonUser = "collector"

// Owner is the user name for requests that write. There is no password: only the owner of the
// folder reaches its socket.
const Owner = daemonUser

// longestSocket is the maximum length of a socket's path.
const longestSocket = len(syscall.RawSockaddrUnix{}.Path) - 1

// socketPath returns a short enough path of dir's socket, valid until done is called.
func socketPath(dir string) (path string, done func(), err error) {
	if path = filepath.Join(dir, socketName); len(path) <= longestSocket {
		return path, func() {}, nil
	}
	f, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", nil, fmt.Errorf("embedded ClickHouse: %w", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", f.Fd(), socketName), func() { f.Close() }, nil
}

// Transport returns a transport to the socket of the engine of dir. It connects only to a process
// of the folder's owner, of root or of this process's own user.
func Transport(dir string) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			path, done, err := socketPath(dir)
			if err != nil {
				return nil, err
			}
			defer done()
			c, err := new(net.Dialer).DialContext(ctx, "unix", path)
			if err != nil {
				return nil, err
			}
			if err := checkPeer(c, dir); err != nil {
				c.Close()
				return nil, err
			}
			return c, nil
		},
		DisableCompression:  true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     30 * time.Second,
	}
}

// checkPeer checks with the system which user is at the other end of a connection through dir's
// socket.
func checkPeer(c net.Conn, dir string) error {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var peerErr error
	if err := raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if peerErr != nil {
		return peerErr
	}
	var folder unix.Stat_t
	if err := unix.Stat(dir, &folder); err != nil {
		return err
	}
	if peer.Uid != 0 && peer.Uid != uint32(os.Geteuid()) && peer.Uid != folder.Uid {
		return fmt.Errorf("the socket in %s belongs to user %d, who does not own the folder", dir, peer.Uid)
	}
	return nil
}

// ownerListener accepts connections only from the folder's owner.
type ownerListener struct {
	*net.UnixListener
	dir string
}

func (l ownerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.UnixListener.Accept()
		if err != nil || checkPeer(c, l.dir) == nil {
			return c, err
		}
		c.Close()
	}
}

// authenticate reports whether r comes from the daemon, which never uses the readers' address.
// Readers are called default and have no password. As in ClickHouse, credentials are in headers, in
// Basic authentication or in the URL.
func authenticate(r *http.Request, owner bool) (daemon bool, err error) {
	user, key := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if user == "" && key == "" {
		if u, p, ok := r.BasicAuth(); ok {
			user, key = u, p
		} else {
			params, err := urlParams(r)
			if err != nil {
				return false, err
			}
			user, key = params["user"], params["password"]
		}
	}
	switch {
	case owner && user == daemonUser:
		return true, nil
	case (user == "" || user == "default") && key == "":
		return false, nil
	}
	if user == "" {
		user = "default"
	}
	return false, refuse(codeAuthenticationFailed, "%.100s: Authentication failed: password is incorrect, or there is no user with such name", user)
}

// holder returns " of user N" for the user that listens on a port, or "" if it is unknown.
func holder(listen string) string {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	var n int
	if _, err := fmt.Sscan(port, &n); err != nil {
		return ""
	}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 7 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", n)) && f[3] == "0A" {
				return " of user " + f[7]
			}
		}
	}
	return ""
}
