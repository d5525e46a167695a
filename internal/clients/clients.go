// Package clients identifies the other end of a connection, and keeps one client from using all of
// a listener's connections.
package clients

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
)

// Limit closes new connections of l at once if there are more than all in total, or more than each
// from one client.
func Limit(l net.Listener, all, each int) net.Listener {
	return &listener{Listener: l, most: all, each: each, counts: make(map[string]int)}
}

type listener struct {
	net.Listener
	most, each int

	mu     sync.Mutex
	all    int
	counts map[string]int // by client
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		client := at(c.RemoteAddr(), c.LocalAddr())
		if l.add(client) {
			return &conn{Conn: c, client: client, closed: sync.OnceFunc(func() { l.remove(client) })}, nil
		}
		c.Close()
	}
}

func (l *listener) add(client string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.most || l.counts[client] >= l.each {
		return false
	}
	l.all++
	l.counts[client]++
	return true
}

func (l *listener) remove(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.counts[client]--; l.counts[client] == 0 {
		delete(l.counts, client)
	}
}

type conn struct {
	net.Conn
	client string
	closed func()
}

func (c *conn) Close() error {
	c.closed()
	return c.Conn.Close()
}

type key struct{}

// Note is the ConnContext of an http.Server on a listener from Limit.
func Note(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, key{}, c.client)
	}
	return ctx
}

// Of returns the client that sent r: another machine, or a user of this one. It is "" without Note.
func Of(r *http.Request) string {
	client, _ := r.Context().Value(key{}).(string)
	return client
}

// at returns the other end: the machine or, on this machine, the user. One machine may have any
// number of IPv6 addresses, all of one network.
func at(remote, local net.Addr) string {
	r, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return remote.String()
	}
	l, err := netip.ParseAddrPort(local.String())
	if err != nil || !r.Addr().IsLoopback() && r.Addr() != l.Addr() {
		return machine(r.Addr())
	}
	ends := procAddr(r) + " " + procAddr(l)
	table := "/proc/self/net/tcp"
	if r.Addr().Is6() && !r.Addr().Is4In6() {
		table += "6"
	}
	b, err := os.ReadFile(table)
	if err != nil {
		return machine(r.Addr())
	}
	if n := strings.Index(string(b), ends); n >= 0 {
		if f := strings.Fields(string(b[n:])); len(f) > 6 {
			return "user " + f[6]
		}
	}
	return machine(r.Addr())
}

func machine(a netip.Addr) string {
	if a = a.Unmap().WithZone(""); a.Is6() {
		return netip.PrefixFrom(a, 64).Masked().String()
	}
	return a.String()
}

// procAddr returns an address in the form of /proc/net/tcp: words in the machine's byte order.
func procAddr(a netip.AddrPort) string {
	var b strings.Builder
	raw := a.Addr().Unmap().AsSlice()
	for ; len(raw) >= 4; raw = raw[4:] {
		fmt.Fprintf(&b, "%08X", binary.NativeEndian.Uint32(raw))
	}
	return fmt.Sprintf("%s:%04X", b.String(), a.Port())
}
