package alpemix_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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

	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
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
		tls      alpemix.TLS
		class    report.Class
		reason   string // empty: it works
		hint     string
	}{
		{"known authority", good.URL, alpemix.TLS{CAFile: caFile(t, good)}, "", "", ""},
		{"unknown authority", good.URL, alpemix.TLS{}, report.Permanent, "tls_unknown_authority", "alpemix.tls.ca_file"},
		{"another name", strings.Replace(good.URL, "127.0.0.1", "localhost", 1), alpemix.TLS{CAFile: caFile(t, good)}, report.Permanent, "tls_hostname", "another name"},
		{"old server", old.URL, alpemix.TLS{CAFile: caFile(t, old)}, report.Permanent, "tls_version", "alpemix.tls.min_version"},
		{"old server, allowed", old.URL, alpemix.TLS{CAFile: caFile(t, old), MinVersion: "1.1"}, "", "", ""},
		{"modern server", modern.URL, alpemix.TLS{CAFile: caFile(t, modern), MinVersion: "1.3"}, "", "", ""},
		{"no TLS", strings.Replace(serve(t, nil).URL, "http:", "https:", 1), alpemix.TLS{}, report.Permanent, "tls_not_tls", "without TLS"},
		{"VNC", "https://" + speak(t, "RFB 003.008\n"), alpemix.TLS{}, report.Permanent, "tls_not_tls", "VNC server"},
		{"mail server", "https://" + speak(t, "220 mail.example ESMTP\r\n"), alpemix.TLS{}, report.Permanent, "tls_not_tls", "does not speak TLS"},
		{"hangs up", "https://" + closed, alpemix.TLS{}, report.Transient, "connection_lost", "closed before"},
		{"unencrypted on this machine", serve(t, nil).URL, alpemix.TLS{}, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, s := newClient(t)
			cfg := config()
			cfg.Endpoint, cfg.TLS = tt.endpoint+"/api", tt.tls
			body, err := mustNew(t, cfg, s, nil).Fetch(t.Context(), today)
			if tt.reason == "" {
				if err != nil || string(body.Bytes) != emptyDay {
					t.Errorf("%q, error %v", body.Bytes, err)
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

// slow is a network error by time.
type slow struct{}

func (slow) Error() string   { return "i/o timeout" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestConnectionErrorsAreSorted(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		err    error
		class  report.Class
		reason string
		unsent bool
	}{
		{dial(syscall.ECONNREFUSED), report.Transient, "connect_refused", true},
		{dial(syscall.EHOSTUNREACH), report.Transient, "connect_unreachable", true},
		{dial(syscall.ENETUNREACH), report.Transient, "connect_unreachable", true},
		{dial(slow{}), report.Transient, "connect_timeout", true},
		{dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), report.Transient, "dns", true},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "x"}), report.Transient, "dns", true},
		{&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}, report.Transient, "proxy", true},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, report.Transient, "connection_lost", false},
		{&net.OpError{Op: "write", Err: syscall.EPIPE}, report.Transient, "connection_lost", false},
		{&net.OpError{Op: "read", Err: slow{}}, report.Transient, "timeout", false},
		{io.EOF, report.Transient, "connection_lost", false},
		{context.DeadlineExceeded, report.Transient, "timeout", false},
		{errors.New("net/http: TLS handshake timeout"), report.Transient, "connect_timeout", false},
		{x509.CertificateInvalidError{Reason: x509.Expired}, report.Permanent, "tls_expired", false},
		{x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, report.Permanent, "tls_certificate", false},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, report.Permanent, "tls_handshake", false},
		{errors.New("something else"), report.Transient, "connection", false},
	}
	for _, tt := range tests {
		err := fmt.Errorf("wrapped: %w", tt.err)
		if class, reason, hint := alpemix.Diagnose(err); class != tt.class || reason != tt.reason || hint == "" {
			t.Errorf("%v: %s %s %q", tt.err, class, reason, hint)
		}
		if got := alpemix.NeverSent(err); got != tt.unsent {
			t.Errorf("%v: never sent is %v", tt.err, got)
		}
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
		rt, err := alpemix.NewTransport(alpemix.TLS{MinVersion: "1.2"})
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
	if f.Reason != "body_cut" || string(body.Bytes) != part {
		t.Errorf("%v, body %q", f, body.Bytes)
	}
}
