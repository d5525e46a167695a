package clients

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"testing"
)

// TestLimit: one client gets its share, all together no more than there are, and a closed
// connection makes room.
func TestLimit(t *testing.T) {
	pipe := make(chan net.Conn)
	l := Limit(pipeListener(pipe), 3, 2)
	accepted := make(chan net.Conn, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	connect := func(from string) *fakeConn {
		c := &fakeConn{from: from, closed: make(chan bool, 2)}
		pipe <- c
		return c
	}
	refused := func(c *fakeConn) bool {
		select {
		case <-c.closed:
			return true
		case got := <-accepted:
			c.accepted = got
			return false
		}
	}
	a1, a2, a3 := connect("192.0.2.1:1"), (*fakeConn)(nil), (*fakeConn)(nil)
	if refused(a1) {
		t.Error("the first connection is refused")
	}
	if a2 = connect("192.0.2.1:2"); refused(a2) {
		t.Error("the second connection is refused")
	}
	if a3 = connect("192.0.2.1:3"); !refused(a3) {
		t.Error("one client has more than its share")
	}
	if b := connect("[2001:db8::1]:1"); refused(b) {
		t.Error("another client is refused")
	}
	if c := connect("[2001:db8:1::1]:1"); !refused(c) {
		t.Error("there are more connections than there may be")
	}
	for range 2 { // counts once
		a1.accepted.Close()
	}
	if c := connect("[2001:db8::ffff]:1"); refused(c) {
		t.Error("a closed connection makes no room")
	}
	if c := connect("[2001:db8::2]:1"); !refused(c) {
		t.Error("a connection that is closed twice counts twice")
	}
	close(pipe)
}

// TestOf: a client on this machine is identified by its user.
func TestOf(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skip(err)
		}
		var got string
		server := &http.Server{ConnContext: Note, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Of(r) })}
		go server.Serve(Limit(l, 2, 2))
		res, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if want := fmt.Sprintf("user %d", os.Getuid()); got != want {
			t.Errorf("%s: the client is %q, want %q", address, got, want)
		}
		server.Close()
	}
	if client := Of(new(http.Request).WithContext(context.Background())); client != "" {
		t.Errorf("nobody noted %q", client)
	}
}

type pipeListener chan net.Conn

func (p pipeListener) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipeListener) Close() error   { return nil }
func (p pipeListener) Addr() net.Addr { return address("192.0.2.9:80") }

type fakeConn struct {
	net.Conn
	from     string
	closed   chan bool
	accepted net.Conn
}

func (c *fakeConn) RemoteAddr() net.Addr { return address(c.from) }
func (c *fakeConn) LocalAddr() net.Addr  { return address("192.0.2.9:80") }
func (c *fakeConn) Close() error         { c.closed <- true; return nil }

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }
