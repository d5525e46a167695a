package alpemix_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// serve answers like the vendor, over TLS if cfg is not nil.
func serve(t *testing.T, cfg *tls.Config) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			t.Error(err)
		case strings.Contains(string(content), `"stepnumber":1`):
			_, _ = io.WriteString(w, tokenAnswer(first))
		default:
			_, _ = io.WriteString(w, emptyDay)
		}
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are the point
	if cfg == nil {
		srv.Start()
	} else {
		srv.TLS = cfg
		srv.StartTLS()
	}
	t.Cleanup(srv.Close)
	return srv
}

// speak listens and says hello to whoever connects.
func speak(t *testing.T, hello string) (address string) {
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
			_, _ = io.WriteString(conn, hello)
			_, _ = conn.Read(make([]byte, 1024))
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

func caFile(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTLSTroubleSaysWhatToDo(t *testing.T) {
	good := serve(t, &tls.Config{})
	old := serve(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	modern := serve(t, &tls.Config{MinVersion: tls.VersionTLS13})
	closed := speak(t, "")
	tests := []struct {
		name     string
		endpoint string
		tls      vendorhttp.TLS
		class    report.Class
		reason   string // empty: it works
		hint     string
	}{
		{"known authority", good.URL, vendorhttp.TLS{CAFile: caFile(t, good)}, "", "", ""},
		{"unknown authority", good.URL, vendorhttp.TLS{}, report.Permanent, "tls_unknown_authority", "alpemix.tls.ca_file"},
		{"another name", strings.Replace(good.URL, "127.0.0.1", "localhost", 1), vendorhttp.TLS{CAFile: caFile(t, good)}, report.Permanent, "tls_hostname", "another name"},
		{"old server", old.URL, vendorhttp.TLS{CAFile: caFile(t, old)}, report.Permanent, "tls_version", "alpemix.tls.min_version"},
		{"old server, allowed", old.URL, vendorhttp.TLS{CAFile: caFile(t, old), MinVersion: "1.1"}, "", "", ""},
		{"modern server", modern.URL, vendorhttp.TLS{CAFile: caFile(t, modern), MinVersion: "1.3"}, "", "", ""},
		{"no TLS", strings.Replace(serve(t, nil).URL, "http:", "https:", 1), vendorhttp.TLS{}, report.Permanent, "tls_not_tls", "without TLS"},
		{"VNC", "https://" + speak(t, "RFB 003.008\n"), vendorhttp.TLS{}, report.Permanent, "tls_not_tls", "VNC server"},
		{"mail server", "https://" + speak(t, "220 mail.example ESMTP\r\n"), vendorhttp.TLS{}, report.Permanent, "tls_not_tls", "does not speak TLS"},
		{"hangs up", "https://" + closed, vendorhttp.TLS{}, report.Transient, "connection_lost", "closed before"},
		{"unencrypted on this machine", serve(t, nil).URL, vendorhttp.TLS{}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, s := newClient(t)
			cfg := config()
			cfg.Endpoint, cfg.TLS = tt.endpoint+"/api", tt.tls
			body, err := mustNew(t, cfg, s, nil).Fetch(t.Context(), today)
			if tt.reason == "" {
				if err != nil || textOf(t, body) != emptyDay {
					t.Errorf("%q, error %v", textOf(t, body), err)
				}
				return
			}
			if f := report.AsFailure(err); f.Class != tt.class || f.Reason != tt.reason || !strings.Contains(f.Error(), tt.hint) || f.Kind != report.Token {
				t.Errorf("%s %s %v", f.Class, f.Reason, f)
			}
		})
	}
}

func TestARefusedConnectionNamesThePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, _, s := newClient(t)
	cfg := config()
	cfg.Endpoint = "https://" + address + "/api"
	f, _ := failed(t, mustNew(t, cfg, s, nil), today)
	if f.Reason != "connect_refused" || !strings.Contains(f.Error(), address) || strings.Contains(f.Error(), "VNC") {
		t.Errorf("%s %v", f.Reason, f)
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	c, _, _ := newClient(t, refused)
	if f, _ := failed(t, c, today); f.Reason != "connect_refused" || !strings.Contains(f.Error(), "port 5900 is also VNC's") {
		t.Errorf("%s %v", f.Reason, f)
	}
}

func TestACanceledFetchSaysSo(t *testing.T) {
	c, v, _ := newClient(t, tokenAnswer(first))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Fetch(ctx, today)
	if f := report.AsFailure(err); f.Reason != "canceled" || !errors.Is(f, context.Canceled) || len(v.got) != 0 {
		t.Errorf("%v after %d requests", f, len(v.got))
	}
	ctx, cancel = context.WithCancel(t.Context())
	v.answers = []any{func(sent) any { cancel(); return ctx.Err() }}
	_, err = c.Fetch(ctx, today)
	if f := report.AsFailure(err); f.Reason != "canceled" || len(v.got) != 1 {
		t.Errorf("%v after %d requests", f, len(v.got))
	}
}

func TestAProxyThatRefusesIsNamedWithoutItsPassword(t *testing.T) {
	for status, reason := range map[int]string{407: "proxy_auth", 403: "proxy"} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(srv.Close)
		proxy, err := url.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		proxy.User = url.UserPassword("joe", "hidden")
		rt, err := vendorhttp.NewTransport(vendorhttp.TLS{}, "alpemix.tls")
		if err != nil {
			t.Fatal(err)
		}
		rt.Proxy = http.ProxyURL(proxy)
		_, _, s := newClient(t)
		f, _ := failed(t, clientOn(t, s, rt), today)
		if f.Reason != reason || !strings.Contains(f.Error(), proxy.Host) || strings.Contains(f.Error(), "hidden") {
			t.Errorf("%d: %s %v", status, f.Reason, f)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, nil)
	srv := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(srv.Close)
	_, _, s := newClient(t)
	cfg := config()
	cfg.Endpoint = srv.URL
	if f, _ := failed(t, mustNew(t, cfg, s, nil), today); f.Reason != "redirect" {
		t.Errorf("%s %v", f.Reason, f)
	}
}

// TestABodyThatIsShorterThanAnnounced goes over a real connection, where the cut is a Content-Length that is not reached.
func TestABodyThatIsShorterThanAnnounced(t *testing.T) {
	part := `{"errornumber":0,"results":[` + record
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if strings.Contains(string(content), `"stepnumber":1`) {
			_, _ = io.WriteString(w, tokenAnswer(first))
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(part)+1000))
		_, _ = io.WriteString(w, part)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(srv.Close)
	_, _, s := newClient(t)
	cfg := config()
	cfg.Endpoint = srv.URL
	f, body := failed(t, mustNew(t, cfg, s, nil), today)
	if f.Reason != "body_cut" || textOf(t, body) != part {
		t.Errorf("%v, body %q", f, textOf(t, body))
	}
}
