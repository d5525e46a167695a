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

// daemonUser is the name by which the owner of the engine's folder asks to write. Without it a request reads, as anybody's.
const daemonUser = "collector"

// Owner is the user name for requests that write. There is no password: only the owner of the folder reaches its socket.
const Owner = daemonUser

// longestSocket is the longest path that the system takes for a socket.
const longestSocket = len(syscall.RawSockaddrUnix{}.Path) - 1

// socketPath is a path of dir's socket that is short enough, good until done is called.
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

// Transport carries requests to the engine of dir by its socket. It speaks only to a process of the folder's owner, of root or
// of this process's own user.
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
			if err := trusted(c, dir); err != nil {
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

// trusted checks by the system's word who is at the other end of a connection through dir's socket.
func trusted(c net.Conn, dir string) error {
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
		return fmt.Errorf("the socket of %s is held by user %d, who is not its owner", dir, peer.Uid)
	}
	return nil
}

// ownerListener accepts connections of the folder's owner only.
type ownerListener struct {
	*net.UnixListener
	dir string
}

func (l ownerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.UnixListener.Accept()
		if err != nil || trusted(c, l.dir) == nil {
			return c, err
		}
		c.Close()
	}
}

// authenticate reports whether r is the daemon's. At the readers' door nobody is: readers are called default and have no
// password. Credentials come, as with ClickHouse, by headers, by Basic or in the URL.
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

// holder names the user who listens on a port, as far as the system says.
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
