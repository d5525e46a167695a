package vendorhttp_test

import (
	"bytes"
	"log"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"alpemix-collector/vendorhttp"
)

// TestOverlongAnswers: what a server sends after its answer is neither printed nor read as another
// answer.
func TestOverlongAnswers(t *testing.T) {
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	const rest = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"
	for _, status := range []string{"200 OK", "404 Not Found", "204 No Content"} {
		address := rawServer(t, "HTTP/1.1 "+status+"\r\nContent-Length: 2\r\n\r\n{}"+rest)
		c, err := vendorhttp.New(vendorhttp.Vendor{Name: "x"}, vendorhttp.Account{Name: "main", Endpoint: "http://" + address}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			a, err := c.Exchange(t.Context(), vendorhttp.Request{Job: "a call"})
			if err != nil || strings.Contains(string(a.Body), "secret") || a.Cut != nil {
				t.Fatalf("%s: %v, %v", status, a, err)
			}
			time.Sleep(20 * time.Millisecond) // for what a kept connection would print
		}
	}
	if printed.Len() > 0 {
		t.Errorf("printed: %s", &printed)
	}
}

// TestNotHTTP: an answer that is not HTTP is not quoted, because it may hold a secret that is sent
// only once.
func TestNotHTTP(t *testing.T) {
	for _, answer := range []string{
		`{"api_key":"secret"}` + "\r\n\r\n", "HTTP/1.1 secret\r\n\r\n", "HTTP/1.1 200 OK\r\nsecret\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: secret\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: secret\r\n\r\n",
	} {
		c, err := vendorhttp.New(vendorhttp.Vendor{Name: "x"}, vendorhttp.Account{Name: "main", Endpoint: "http://" + rawServer(t, answer)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exchange(t.Context(), vendorhttp.Request{Job: "a call"}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// rawServer answers each request with the same bytes and keeps the connection open.
func rawServer(t *testing.T, answer string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() {
				request := make([]byte, 4096)
				for {
					if _, err := conn.Read(request); err != nil {
						return
					}
					_, _ = conn.Write([]byte(answer))
				}
			}()
		}
	}()
	return l.Addr().String()
}
