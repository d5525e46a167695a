package vendorhttp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// TestCAFileIsReloaded without a restart: the wrong authority, then a broken file, then the right
// one.
func TestCAFileIsReloaded(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	right := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	const wrong = "-----BEGIN NOTHING-----\n"
	path := filepath.Join(t.TempDir(), "ca.pem")
	age := time.Now().Add(-time.Hour)
	put := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		age = age.Add(time.Minute) // whatever the file system's clock resolves
		if err := os.Chtimes(path, age, age); err != nil {
			t.Fatal(err)
		}
	}
	put(other(t))
	c, err := New(Vendor{Name: "acme", EndpointKey: "acme.endpoint", TLSKey: "acme.tls"},
		Account{Name: "main", Endpoint: server.URL, TLS: TLS{CAFile: path}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() *report.Failure {
		err := c.Do(t.Context(), Request{Job: "list", Method: http.MethodGet}, func(*Answer) error { return nil })
		if err == nil {
			return nil
		}
		return report.AsFailure(err)
	}
	if f := ask(); f == nil || f.Reason != "tls_unknown_authority" || !f.Unsent {
		t.Errorf("with another authority: %+v", f)
	}
	put(wrong)
	if f := ask(); f == nil || !strings.Contains(f.Error(), "acme.tls.ca_file") || !strings.Contains(f.Error(), "holds no certificate") {
		t.Errorf("with a broken file: %v", f)
	}
	put(right)
	if f := ask(); f != nil {
		t.Errorf("with the right authority: %v", f)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if f := ask(); f != nil {
		t.Errorf("without the file the authorities before count: %v", f)
	}
}

// other is a certificate that signed nothing here.
func other(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
