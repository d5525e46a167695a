// Package vendorhttp makes one HTTP exchange with a vendor: what every vendor's dialect has in common. It caps bodies, follows no
// redirect, verifies TLS, tells a refusal from a page and a lost answer, and shows no secret. It never waits and never repeats.
package vendorhttp

import (
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

// Vendor is what is the same for every account of a vendor. Errors name its configuration keys.
type Vendor struct {
	Name        string // in tables, metrics and errors
	EndpointKey string // where the address stands: alpemix.endpoint
	TLSKey      string // where ca_file and min_version stand: alpemix.tls
	LoginKeys   string // where the credentials stand, which do not belong into the address: main_username and secret_key
	Denied      string // what 401 and 403 mean when the vendor's document is silent about them, and what to do
	// PrivateHTTP: the vendor's document shows plain HTTP, and it may be spoken to a private address.
	PrivateHTTP bool
	// PlainHTTP: it is the user's own server, which may be spoken to without TLS wherever it is.
	PlainHTTP bool
}

// Account is one account of a vendor. Empty fields take the defaults above.
type Account struct {
	Name     string // the label everywhere
	Endpoint string
	TLS      TLS
	Timeout  time.Duration // of one request, until its last byte
	MaxBody  int64         // bytes; a longer answer is an error, never cut silently
	Spill    string        // folder for what does not fit into memory of an answer; empty: all is kept in memory
	Version  string        // of this program, for User-Agent
}

// Client makes the exchanges of one account. It holds no secret and is safe for concurrent use.
type Client struct {
	vendor  Vendor
	account Account
	base    *url.URL
	rt      http.RoundTripper // not an http.Client, which follows redirects and shows in its errors where they lead
	// observe is called with every request that was sent. It may be nil.
	observe func(report.Fetch)
}

// New checks a and makes a client; it sends nothing. Without rt it builds a transport with a.TLS and the proxy of the
// environment. Errors name the configuration key.
func New(v Vendor, a Account, rt http.RoundTripper) (*Client, error) {
	fill(&a.Timeout, DefaultTimeout)
	fill(&a.MaxBody, DefaultMaxBody)
	fill(&a.Version, "dev")
	base, err := v.endpoint(a.Endpoint)
	if err != nil {
		return nil, err
	}
	if rt == nil {
		if err := checkProxy(base); err != nil {
			return nil, err
		}
		if rt, err = newReloading(a.TLS, v.TLSKey); err != nil {
			return nil, err
		}
	}
	return &Client{vendor: v, account: a, base: base, rt: rt}, nil
}

func fill[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// endpoint refuses addresses that would show credentials to the network or to a log.
func (v Vendor) endpoint(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, fmt.Errorf("%s: not an address of the form https://host:port/path", v.EndpointKey)
	case u.User != nil:
		return nil, fmt.Errorf("%s: holds a user or password: the credentials are %s", v.EndpointKey, v.LoginKeys)
	case u.Scheme == "http" && !v.mayBePlain(u.Hostname()):
		return nil, fmt.Errorf("%s: %s would send secrets unencrypted over the network: use https", v.EndpointKey, address)
	}
	return u, nil
}

func (v Vendor) mayBePlain(host string) bool {
	ip := net.ParseIP(host)
	return v.PlainHTTP || host == "localhost" || ip != nil && (ip.IsLoopback() || v.PrivateHTTP && ip.IsPrivate())
}

// Port is the port of the endpoint as configured, empty for the scheme's own.
func (c *Client) Port() string { return c.base.Port() }

// Format shows whose exchanges these are; a transport may show what went through it.
func (c Client) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "%s account %s", c.vendor.Name, c.account.Name)
}

// Recording is c, and appends every request that is sent to into.
func (c *Client) Recording(into *[]report.Fetch) *Client {
	copied := *c
	copied.observe = func(f report.Fetch) { *into = append(*into, f) }
	return &copied
}

// Limited is c with a time limit of its own for each request.
func (c *Client) Limited(timeout time.Duration) *Client {
	copied := *c
	copied.account.Timeout = timeout
	return &copied
}

// Fail makes a failure of a request that names vendor, account and call and holds none of the request's secrets.
func (c *Client) Fail(r Request, class report.Class, reason, format string, args ...any) *report.Failure {
	err := RedactError(fmt.Errorf(format, args...), r.Secrets) // apart, or a very short secret would make the names unreadable
	err = fmt.Errorf("%s account %s, request for %s: %w", c.vendor.Name, c.account.Name, r.Job, err)
	return &report.Failure{Class: class, Reason: reason, Kind: report.Kind(r.Job), Err: err}
}
