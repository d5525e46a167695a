package vendorhttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"alpemix-collector/report"
)

// Trouble is a classified transport error: why no answer arrived.
type Trouble struct {
	Class  report.Class
	Reason string // one of few, see diagnose
	What   string // what happened, where, and what to check
	Err    error
	Unsent bool // nothing reached the vendor, so it cannot have acted on the request or counted it
}

func (t *Trouble) Error() string { return t.What + ": " + WithoutQuotes(t.Err.Error()) }
func (t *Trouble) Unwrap() error { return t.Err }

// WithoutQuotes removes from a message of net/http everything between its first and last quote: the
// bytes of an answer that is not HTTP may hold a secret.
func WithoutQuotes(message string) string {
	from := strings.IndexAny(message, "\"`")
	if from < 0 {
		return message
	}
	to := strings.LastIndexByte(message, message[from])
	return message[:from] + "(not shown)" + message[to+1:]
}

// trouble classifies an error of the transport.
func (c *Client) trouble(ctx context.Context, err error, heldBack bool, via string) *Trouble {
	unsent := heldBack || neverSent(err)
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Trouble{report.Transient, "canceled", "canceled during the request", err, unsent}
	}
	class, reason, hint := c.vendor.diagnose(err)
	return &Trouble{class, reason, fmt.Sprintf("%s%s: %s", c.base.Host, throughProxy(via), hint), err, unsent}
}

// diagnose returns the class and reason of err and what to check. Certificates and proxies need a
// person; everything else may pass.
func (v Vendor) diagnose(err error) (class report.Class, reason, hint string) {
	if refusal, ok := errors.AsType[*proxyRefusal](err); ok {
		if refusal.status == http.StatusProxyAuthRequired {
			return report.Permanent, "proxy_auth", "the proxy asks for a user and password: set them in HTTPS_PROXY"
		}
		return report.Transient, "proxy", "no connection through the proxy: does it allow this port?"
	}
	op, _ := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, errProxySetting):
		return report.Permanent, "proxy", "no connection"
	case op != nil && op.Op == "proxyconnect":
		return report.Transient, "proxy", "the proxy of the environment (HTTPS_PROXY) is unreachable"
	}
	if class, reason, hint := v.diagnoseTLS(err); reason != "" {
		return class, reason, hint
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return report.Transient, "dns", "the host name does not exist: is " + v.EndpointKey + " right, does DNS work?"
		}
		return report.Transient, "dns", "the host name cannot be looked up: does DNS work?"
	}
	switch timeout, _ := errors.AsType[net.Error](err); {
	case errors.Is(err, syscall.ECONNREFUSED):
		return report.Transient, "connect_refused", "the connection is refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return report.Transient, "connect_unreachable", "there is no route to the server: is this machine online?"
	case op != nil && op.Op == "dial" && op.Timeout():
		return report.Transient, "connect_timeout", "the server does not answer"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return report.Transient, "connection_lost", "the connection was closed before an answer came"
	case timeout != nil && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return report.Transient, "timeout", "no complete answer in time"
	}
	return report.Transient, "connection", "the request failed"
}

// diagnoseTLS returns an empty reason for errors that have nothing to do with TLS.
func (v Vendor) diagnoseTLS(err error) (class report.Class, reason, hint string) {
	right := "is " + v.EndpointKey + " right, "
	if header, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		what := "the server does not speak TLS: " + right + "is there a proxy in between?"
		switch head := string(header.RecordHeader[:]); {
		case strings.HasPrefix(head, "RFB"):
			what = "a VNC server answers on this port, not " + v.Name + ": " + right + "does a router redirect the port?"
		case strings.HasPrefix(head, "HTTP/"):
			what = "the server speaks HTTP without TLS: " + right + "is there a proxy in between?"
		}
		return report.Permanent, "tls_not_tls", what
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return report.Permanent, "tls_unknown_authority", "the certificate is signed by an authority that this machine does not know: put that authority's certificate into " +
			v.TLSKey + ".ca_file, once you are sure that nobody intercepts the connection"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return report.Permanent, "tls_hostname", "the certificate is for another name: is " + v.EndpointKey + " right?"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return report.Permanent, "tls_expired", "the certificate is expired or not valid yet: is this machine's clock right?"
		}
		return report.Permanent, "tls_certificate", "the certificate is not valid"
	}
	switch text := err.Error(); {
	case strings.Contains(text, "protocol version"):
		return report.Permanent, "tls_version", "client and server have no TLS version in common: set " +
			v.TLSKey + ".min_version to a version that the server speaks (\"1.0\" is the lowest)"
	case strings.Contains(text, "tls: "), strings.Contains(text, "x509: "):
		return report.Permanent, "tls_handshake", "no TLS connection"
	case strings.Contains(text, "TLS handshake timeout"):
		return report.Transient, "connect_timeout", "the server accepts the connection but does not answer in TLS"
	}
	return "", "", ""
}

// neverSent reports whether err occurred before there was a connection.
func neverSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	_, refused := errors.AsType[*proxyRefusal](err)
	_, dns := errors.AsType[*net.DNSError](err)
	return refused || dns || errors.Is(err, errProxySetting)
}
