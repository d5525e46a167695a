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

// viaKey is the context key of the variable that receives a request's proxy.
type viaKey struct{}

// recordProxy wraps a choice of proxies and records each choice in the variable of withVia. It
// hides the error of the choice, which would show the address with user and password.
func recordProxy(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
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

// withVia returns a context under which the host of a request's proxy is stored in via.
func withVia(ctx context.Context, via *string) context.Context {
	return context.WithValue(ctx, viaKey{}, via)
}

// throughProxy returns the end of a message about a request that went through a proxy.
func throughProxy(via string) string {
	if via == "" {
		return ""
	}
	return " (through the proxy " + via + ")"
}

// checkProxy rejects a proxy address that net/http would ignore and then contact the vendor
// directly. The error doesn't show the address, which may hold a password.
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
		if usesProxy(endpoint) && !validProxy(value) {
			return fmt.Errorf("environment variable %s: not a proxy address of the form http://host:port or http://user:password@host:port"+
				" (write special characters of the password as %%XX)", name)
		}
		return nil // net/http uses the first one that is set
	}
	return nil
}

// usesProxy reports whether NO_PROXY lets requests to an address go through a proxy.
func usesProxy(endpoint *url.URL) bool {
	const any = "http://proxy.invalid:1"
	env := httpproxy.FromEnvironment()
	env.HTTPProxy, env.HTTPSProxy = any, any
	u, err := env.ProxyFunc()(endpoint)
	return err != nil || u != nil
}

func validProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value // like net/http
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
