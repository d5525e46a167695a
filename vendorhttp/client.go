// Package vendorhttp performs one HTTP exchange with a vendor: what all vendor clients have in
// common. It limits bodies, follows no redirects, verifies TLS, recognizes refusals, web pages and
// lost answers, and shows no secret. It never waits and never retries.
package vendorhttp

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"alpemix-collector/report"
)

// Defaults of an Account.
const (
	DefaultTimeout    = time.Minute
	DefaultMaxBody    = 16 << 20 // bytes
	DefaultMinVersion = "1.2"
)

// Vendor is what all accounts of a vendor have in common. Errors name its configuration keys.
type Vendor struct {
	Name        string // in tables, metrics and errors
	EndpointKey string // configuration key of the address: alpemix.endpoint
	TLSKey      string // configuration key above ca_file and min_version: alpemix.tls
	LoginKeys   string // configuration keys of the credentials, which must not be in the address: main_username and secret_key
	Denied      string // what 401 and 403 mean if the vendor's document doesn't say, and what to do
	// PrivateHTTP: the vendor's document shows plain HTTP, which is allowed for private addresses.
	PrivateHTTP bool
	// PlainHTTP: it is the user's own server, which may be called without TLS at any address.
	PlainHTTP bool
}

// Account is one account of a vendor. Empty fields take the defaults above.
type Account struct {
	Name     string // the account's label everywhere
	Endpoint string
	TLS      TLS
	Timeout  time.Duration // of one request, including the body
	MaxBody  int64         // bytes; a longer answer is an error and never truncated silently
	Spill    string        // folder for the part of an answer that exceeds memory; empty: all stays in memory
	Version  string        // of this program, for User-Agent
}

// Client performs the exchanges of one account. It holds no secret and is safe for concurrent use.
type Client struct {
	vendor  Vendor
	account Account
	base    *url.URL
	rt      http.RoundTripper // not an http.Client, which follows redirects and shows their targets in errors
	// observe is called for every request that was sent. It may be nil.
	observe func(report.Fetch)
}

// New checks a and returns a client. It sends nothing. If rt is nil, it builds a transport from
// a.TLS and the environment's proxy. Errors name the configuration key.
func New(v Vendor, a Account, rt http.RoundTripper) (*Client, error) {
	a.Timeout = cmp.Or(a.Timeout, DefaultTimeout)
	a.MaxBody = cmp.Or(a.MaxBody, DefaultMaxBody)
	a.Version = cmp.Or(a.Version, "dev")
	base, err := v.endpoint(a.Endpoint)
	if err != nil {
		return nil, err
	}
	if rt == nil {
		if err := checkProxy(base); err != nil {
			return nil, err
		}
		if rt, err = newReloader(a.TLS, v.TLSKey); err != nil {
			return nil, err
		}
	}
	return &Client{vendor: v, account: a, base: base, rt: rt}, nil
}

// endpoint rejects addresses that would expose credentials to the network or to a log.
func (v Vendor) endpoint(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, fmt.Errorf("%s: not an address of the form https://host:port/path", v.EndpointKey)
	case u.User != nil:
		return nil, fmt.Errorf("%s: contains a user or password: the credentials belong in %s", v.EndpointKey, v.LoginKeys)
	case u.Scheme == "http" && !v.mayBePlain(u.Hostname()):
		return nil, fmt.Errorf("%s: %s would send secrets unencrypted over the network: use https", v.EndpointKey, address)
	}
	return u, nil
}

func (v Vendor) mayBePlain(host string) bool {
	ip := net.ParseIP(host)
	return v.PlainHTTP || host == "localhost" || ip != nil && (ip.IsLoopback() || v.PrivateHTTP && ip.IsPrivate())
}

// Port returns the port of the endpoint as configured, or "" for the scheme's default.
func (c *Client) Port() string { return c.base.Port() }

// Format prints vendor and account. A transport might print what went through it.
func (c Client) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "%s account %s", c.vendor.Name, c.account.Name)
}

// Recording returns a copy of c that appends every request it sends to into.
func (c *Client) Recording(into *[]report.Fetch) *Client {
	copied := *c
	copied.observe = func(f report.Fetch) { *into = append(*into, f) }
	return &copied
}

// Limited returns a copy of c with another time limit for each request.
func (c *Client) Limited(timeout time.Duration) *Client {
	copied := *c
	copied.account.Timeout = timeout
	return &copied
}

// Fail returns a failure of a request. It names vendor, account and call and holds none of the
// request's secrets.
func (c *Client) Fail(r Request, class report.Class, reason, format string, args ...any) *report.Failure {
	// Redact before adding the names, which a very short secret would make unreadable.
	err := RedactError(fmt.Errorf(format, args...), r.Secrets)
	err = fmt.Errorf("%s account %s, request for %s: %w", c.vendor.Name, c.account.Name, r.Job, err)
	return &report.Failure{Class: class, Reason: reason, Kind: report.Kind(r.Job), Err: err}
}
