package vendorhttp

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

var tlsVersions = map[string]uint16{
	"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13,
}

// TLS configures how a server's certificate is verified. Verification cannot be switched off.
type TLS struct {
	CAFile     string `yaml:"ca_file" path:"" check:"certificates" doc:"PEM file of certificate authorities trusted instead of the system's."`
	MinVersion string `yaml:"min_version" default:"1.2" check:"oneof=1.0|1.1|1.2|1.3" doc:"Lowest TLS version that is spoken: \"1.0\", \"1.1\", \"1.2\" or \"1.3\", in quotes."`
}

// NewTransport returns a transport for HTTP/1.1 and HTTP/2 that honors the environment's proxy.
// Errors name the configuration key above cfg's.
func NewTransport(cfg TLS, key string) (*http.Transport, error) {
	cfg.MinVersion = cmp.Or(cfg.MinVersion, DefaultMinVersion)
	version, ok := tlsVersions[cfg.MinVersion]
	if !ok {
		return nil, fmt.Errorf(`%s.min_version: %q is not one of "1.0", "1.1", "1.2", "1.3"`, key, cfg.MinVersion)
	}
	tlsConfig := &tls.Config{MinVersion: version}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("%s.ca_file: %w", key, err)
		}
		tlsConfig.RootCAs = x509.NewCertPool()
		if !tlsConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s.ca_file: %s holds no certificate in PEM form", key, cfg.CAFile)
		}
	}
	return &http.Transport{
		Proxy:               recordProxy(http.ProxyFromEnvironment),
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: 15 * time.Second,
		ForceAttemptHTTP2:   true,
		// A server that accepts the request and stays silent must not keep the other accounts
		// waiting, but one that has to gather a large day may take a while.
		ResponseHeaderTimeout: 2 * time.Minute,
		// One request, one connection. What a server sends after its answer would be read as the
		// start of the next one, and net/http would print it through the global logger.
		DisableKeepAlives: true,
		OnProxyConnectResponse: func(_ context.Context, proxyURL *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return &proxyRefusal{proxyURL.Host, resp.StatusCode}
			}
			return nil
		},
	}, nil
}

// proxyRefusal is a proxy's answer other than 200 to CONNECT.
type proxyRefusal struct {
	host   string
	status int
}

func (e *proxyRefusal) Error() string {
	return fmt.Sprintf("the proxy %s refuses the connection: HTTP %d %s", e.host, e.status, http.StatusText(e.status))
}
