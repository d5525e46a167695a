package web

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestProtectionStays: a file that is emptied, cut or replaced by one that protects less closes the
// page and is logged once. The page opens again when the file is valid.
func TestProtectionStays(t *testing.T) {
	dir := t.TempDir()
	known := certificate(t, dir)
	const server = "tls_server_config: {cert_file: page.pem, key_file: page.key"
	const asks = ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: page.pem"
	for name, c := range map[string]struct{ started, later, lack string }{
		"emptied":               {login, "", "logins"},
		"only a comment":        {login, "# " + login, "logins"},
		"no users":              {login, "basic_auth_users: {}\n", "logins"},
		"cut":                   {login, login[:30], "unexpected end of stream"},
		"gone":                  {login, "GONE", "no such file"},
		"TLS and logins":        {server + "}\n" + login, "", "TLS"},
		"cut before TLS":        {login + server + "}\n", login, "TLS"},
		"cut before logins":     {server + "}\n" + login, server + "}\n", "logins"},
		"no TLS for the logins": {login, server + asks + "}\n", "logins"},
	} {
		t.Run(name, func(t *testing.T) {
			var log lines
			conf := example(nil)
			conf.Log = slog.New(slog.NewTextHandler(&log, nil))
			conf.WebConfigFile = filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".yml")
			store(t, conf.WebConfigFile, c.started)
			address, _ := serve(t, New(conf))
			if strings.Contains(c.started, "tls") {
				address = strings.Replace(address, "http:", "https:", 1)
			}
			expect := func(when string, want int) {
				t.Helper()
				for range 3 {
					transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}}
					if status, text, err := fetch(t, transport, address+"/metrics", "reader", "secret"); err != nil || status != want {
						t.Errorf("%s: %d %v, want %d: %s", when, status, err, want, text)
					}
				}
			}
			for round := range 2 {
				expect("as it started", http.StatusOK)
				if store(t, conf.WebConfigFile, c.later); c.later == "GONE" {
					if err := os.Remove(conf.WebConfigFile); err != nil {
						t.Fatal(err)
					}
				}
				expect(name, http.StatusInternalServerError)
				if n := strings.Count(log.String(), "level=ERROR"); n != round+1 || !strings.Contains(log.String(), c.lack) {
					t.Errorf("%d errors in the log, want %d, of %q:\n%s", n, round+1, c.lack, log.String())
				}
				store(t, conf.WebConfigFile, c.started)
			}
			expect("as it was again", http.StatusOK)
			if strings.Contains(log.String(), "$2a$") || strings.Contains(log.String(), "secret") {
				t.Errorf("the log shows a password or its hash: %s", log.String())
			}
		})
	}
}

// TestClientCertificatesStay: the rule cannot be removed, and it also applies to connections that
// are older.
func TestClientCertificatesStay(t *testing.T) {
	dir := t.TempDir()
	known := certificate(t, dir)
	c := example(nil)
	c.WebConfigFile = filepath.Join(dir, "web.yml")
	const server = "tls_server_config: {cert_file: page.pem, key_file: page.key"
	const asks = ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: page.pem"
	store(t, c.WebConfigFile, server+"}\n"+login)
	address, _ := serve(t, New(c))
	address = strings.Replace(address, "http:", "https:", 1)
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}}}
	ask := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("reader", "secret")
		res, err := old.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	if status := ask(); status != http.StatusOK {
		t.Fatalf("%d", status)
	}
	store(t, c.WebConfigFile, server+asks+"}\n")
	if status := ask(); status != http.StatusForbidden {
		t.Errorf("an old connection without a certificate: %d", status)
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "page.pem"), filepath.Join(dir, "page.key"))
	if err != nil {
		t.Fatal(err)
	}
	with := func() *http.Transport {
		return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known, Certificates: []tls.Certificate{own}}}
	}
	if status, text, err := fetch(t, with(), address+"/metrics", "", ""); status != http.StatusOK {
		t.Errorf("with a certificate: %d %v %s", status, err, text)
	}
	store(t, c.WebConfigFile, server+"}\n")
	if status, text, err := fetch(t, with(), address+"/metrics", "", ""); status != http.StatusInternalServerError {
		t.Errorf("certificates are no longer asked for: %d %v %s", status, err, text)
	}
}

func TestProtectionLacks(t *testing.T) {
	all := Protection{TLS: true, Clients: true, Names: true, Logins: 2}
	for _, c := range []struct {
		was, now Protection
		want     string
	}{
		{Protection{}, Protection{}, ""}, {Protection{}, all, ""}, {all, all, ""},
		{all, Protection{TLS: true, Clients: true, Names: true, Logins: 1}, ""},
		{all, Protection{TLS: true, Clients: true, Names: true}, "logins"},
		{all, Protection{TLS: true, Clients: true, Logins: 2}, "the names of client certificates"},
		{all, Protection{TLS: true, Logins: 2}, "client certificates"}, {all, Protection{Logins: 2}, "TLS"}, {all, Protection{}, "TLS"},
		{Protection{TLS: true, Logins: 1}, Protection{TLS: true, Clients: true}, ""},
	} {
		if got := c.was.lacks(c.now); got != c.want {
			t.Errorf("%v, then %v: %q, want %q", c.was, c.now, got, c.want)
		}
	}
}

// TestLoginsInTurn: a client that sends many wrong passwords delays only itself; another client
// waits for one of them.
func TestLoginsInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogins()
		l.turn <- struct{}{} // a check is running
		var mu sync.Mutex
		var ended []string
		check := func(client, user, hash string) {
			err := l.check(t.Context(), client, user, hash, "secret")
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, errBusy) {
				client += " is refused"
			} else if err == nil {
				client += " is let in"
			}
			ended = append(ended, client)
		}
		for range mostChecks + 5 {
			go check("a", "reader", otherHash)
		}
		synctest.Wait()
		if got := strings.Join(ended, ", "); got != strings.TrimSuffix(strings.Repeat("a is refused, ", 5), ", ") {
			t.Errorf("while none is checked: %s", got)
		}
		ended = nil
		go check("b", "reader", secretHash)
		synctest.Wait()
		<-l.turn
		synctest.Wait()
		if len(ended) != mostChecks+1 || ended[0] != "b is let in" && ended[1] != "b is let in" {
			t.Errorf("b had to wait: %q", ended)
		}
		if len(l.lines) != 0 {
			t.Errorf("queues are left: %v", l.lines)
		}
		// A correct password is not checked again, whatever others do.
		l.turn <- struct{}{}
		ended = nil
		go check("a", "reader", secretHash)
		synctest.Wait()
		if len(ended) != 1 || ended[0] != "a is let in" {
			t.Errorf("a known password waits: %q", ended)
		}
		gone, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.check(gone, "a", "reader", otherHash, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a client that left: %v", err)
		}
	})
}

// TestConnectionsOfOneClient: one user of this machine leaves connections to others.
func TestConnectionsOfOneClient(t *testing.T) {
	address, _ := serve(t, New(example(nil)))
	host := strings.TrimPrefix(address, "http://")
	var held []net.Conn
	for range mostEach {
		c, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if _, err := io.WriteString(c, "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 4096)); n == 0 {
			t.Fatalf("connection %d is not answered: %v", len(held), err)
		}
		held = append(held, c)
	}
	more, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = more.Close() }()
	if n, err := more.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Error("one client has more connections than its share")
	}
	if mostEach*2 > mostConnections {
		t.Error("one client can take most connections")
	}
}

// lines is a log for concurrent writers.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
