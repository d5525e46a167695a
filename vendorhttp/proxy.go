package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

var errProxySetting = errors.New("the proxy address in HTTPS_PROXY is not valid")

// viaKey is under which a request's context carries where to note its proxy.
type viaKey struct{}

// noting is a choice of proxies that is noted where withVia says. The error of the choice would show the
// address with user and password.
func noting(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		u, err := choose(req)
		if err != nil {
			return nil, errProxySetting
		}
		if via, ok := req.Context().Value(viaKey{}).(*string); ok && u != nil {
			*via = u.Host
		}
		return u, nil
	}
}

// withVia notes in via the host of the proxy that a request is sent through.
func withVia(ctx context.Context, via *string) context.Context {
	return context.WithValue(ctx, viaKey{}, via)
}

// byWayOf ends a message about a request that went through a proxy.
func byWayOf(via string) string {
	if via == "" {
		return ""
	}
	return " (through the proxy " + via + ")"
}

// checkProxy refuses an address of a proxy that net/http would ignore, speaking to the vendor directly.
// The error doesn't show the address, which may hold a password.
func checkProxy(endpoint *url.URL) error {
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if endpoint.Scheme == "http" {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	for _, name := range names {
		value := os.Getenv(name)
		if value == "" {
			continue
		}
		if proxied(endpoint) && !validProxy(value) {
			return fmt.Errorf("environment variable %s: not the address of a proxy of the form http://host:port or http://user:password@host:port, special characters of the password written as %%XX", name)
		}
		return nil // net/http looks at the first that is set
	}
	return nil
}

// proxied reports whether NO_PROXY lets an address go through a proxy at all.
func proxied(endpoint *url.URL) bool {
	const any = "http://proxy.invalid:1"
	env := httpproxy.FromEnvironment()
	env.HTTPProxy, env.HTTPSProxy = any, any
	u, err := env.ProxyFunc()(endpoint)
	return err != nil || u != nil
}

func validProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value // as net/http reads it
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return false
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return false
	}
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}
