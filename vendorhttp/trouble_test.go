package vendorhttp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// slow is a network error that reports a timeout.
type slow struct{}

func (slow) Error() string   { return "i/o timeout" }
func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestConnectionErrorsAreClassified(t *testing.T) {
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
		if class, reason, hint := vendor.Diagnose(err); class != tt.class || reason != tt.reason || hint == "" {
			t.Errorf("%v: %s %s %q", tt.err, class, reason, hint)
		}
		if got := vendorhttp.NeverSent(err); got != tt.unsent {
			t.Errorf("%v: never sent is %v", tt.err, got)
		}
	}
}
