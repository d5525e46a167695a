package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
)

// Connections of readers, of all and of one client.
const (
	maxConnections = 256
	maxEach        = 192
)

// readersListener accepts no more connections than the process has room for.
type readersListener struct {
	net.Listener
	mu     sync.Mutex
	all    int
	counts map[string]int
}

func (l *readersListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		client := clientAt(c.RemoteAddr(), c.LocalAddr())
		l.mu.Lock()
		if l.all >= maxConnections || l.counts[client] >= maxEach {
			l.mu.Unlock()
			c.Close()
			continue
		}
		l.all++
		l.counts[client]++
		l.mu.Unlock()
		return &readersConn{Conn: c, client: client, closed: sync.OnceFunc(func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.all--
			if l.counts[client]--; l.counts[client] == 0 {
				delete(l.counts, client)
			}
		})}, nil
	}
}

type readersConn struct {
	net.Conn
	client string
	closed func()
}

func (c *readersConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

type clientKey struct{}

// noteClient is an http.Server's ConnContext.
func noteClient(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*readersConn); ok {
		return context.WithValue(ctx, clientKey{}, c.client)
	}
	return ctx
}

func clientOf(r *http.Request) string {
	client, _ := r.Context().Value(clientKey{}).(string)
	return client
}

// clientAt names who is at the other end: the machine, or on this machine the user.
func clientAt(remote, local net.Addr) string {
	r, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return remote.String()
	}
	l, err := netip.ParseAddrPort(local.String())
	if err != nil || !r.Addr().IsLoopback() {
		return r.Addr().String()
	}
	ends := procAddr(r) + " " + procAddr(l)
	table := "/proc/self/net/tcp"
	if r.Addr().Is6() && !r.Addr().Is4In6() {
		table += "6"
	}
	b, err := os.ReadFile(table)
	if err != nil {
		return r.Addr().String()
	}
	if n := strings.Index(string(b), ends); n >= 0 {
		if f := strings.Fields(string(b[n:])); len(f) > 6 {
			return "user " + f[6]
		}
	}
	return r.Addr().String()
}

// procAddr is an address as /proc/net/tcp writes it: words in the machine's byte order.
func procAddr(a netip.AddrPort) string {
	var b strings.Builder
	raw := a.Addr().Unmap().AsSlice()
	for ; len(raw) >= 4; raw = raw[4:] {
		fmt.Fprintf(&b, "%08X", binary.NativeEndian.Uint32(raw))
	}
	return fmt.Sprintf("%s:%04X", b.String(), a.Port())
}
