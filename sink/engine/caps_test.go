package engine

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
)

// TestSlowReaders: clients that do not read their answers block neither other readers nor the
// daemon for good.
func TestSlowReaders(t *testing.T) {
	addr := fixture(t)
	query := url.QueryEscape("SELECT repeat('x', 1000) FROM numbers(100000000)")
	var slow []net.Conn
	for range 2 * maxReaders {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /?query=%s HTTP/1.1\r\nHost: localhost\r\n\r\n", query)
		slow = append(slow, c)
	}
	running := func() int {
		var n int
		a := send(t, asDaemon(t, newRequest(t, http.MethodPost, addr, "", "SELECT count() FROM system.processes WHERE query LIKE '%numbers(100000000)%' AND query NOT LIKE '%processes%'")))
		fmt.Sscan(a.body, &n)
		return n
	}
	within(t, "the slow queries run", func() bool { return running() >= maxPerClient })
	if n := running(); n > maxPerClient {
		t.Errorf("one client runs %d queries, more than %d", n, maxPerClient)
	}
	for range 3 {
		if a := post(t, addr, "", "SELECT 1"); a.body != "1\n" {
			t.Errorf("another reader: %d %s", a.status, a.body)
		}
	}
	for _, c := range slow {
		c.Close()
	}
	within(t, "their queries have ended", func() bool { return running() == 0 })
}

// TestSlowHeaders: a connection without a complete request uses no reader's place.
func TestSlowHeaders(t *testing.T) {
	addr := fixture(t)
	for range 100 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nSELECT")
	}
	if a := post(t, addr, "", "SELECT 1"); a.body != "1\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestSpillIsCapped: sorting more than fits into memory uses no more disk than the cap, whatever
// the reader sets.
func TestSpillIsCapped(t *testing.T) {
	addr := fixture(t)
	if a := post(t, addr, "", "SELECT getSetting('max_temporary_data_on_disk_size_for_query')"); a.status != 200 || a.body == "0\n" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if n := spillCap("/absent"); n != leastCap {
		t.Errorf("readers may use %d of a missing disk", n)
	}
	if n := spillCap(t.TempDir()); n < leastCap || n > maxSpill {
		t.Errorf("readers may use %d", n)
	}
}

// TestPlaces: places are given in turn, one client cannot take all of them, and each is returned.
func TestPlaces(t *testing.T) {
	p := newPlaces(3, 2)
	var taken []*place
	for _, client := range []string{"a", "a", "b"} {
		place, err := p.take(t.Context(), client, nil)
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, place)
	}
	p.release(taken[2])
	done := make(chan error, 1)
	go func() { // a has two of three places and waits for one of its own
		_, err := p.take(t.Context(), "a", nil)
		done <- err
	}()
	if _, err := p.take(t.Context(), "b", nil); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Errorf("one client has more than its places: %v", err)
	default:
	}
	p.release(taken[0])
	if err := <-done; err != nil {
		t.Error(err)
	}
}
