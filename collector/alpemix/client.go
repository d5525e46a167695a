// Package alpemix speaks the HTTP dialect of Alpemix (vendors/alpemix.txt): a window of time becomes the bytes of a report.
// Tokens, the vendor's limits, HTTP and error numbers end here. It never waits.
package alpemix

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"alpemix-collector/report"
)

// The documented limits ("Request Limits to be Sent to Our Servers") and our defaults.
const (
	DefaultReports     = 3
	DefaultTokens      = 5
	DefaultWindow      = 60 * time.Second
	DefaultTimeout     = 5 * time.Minute
	DefaultMaxBody     = 512 << 20 // bytes
	DefaultMethod      = http.MethodPost
	DefaultContentType = "application/json"
	DefaultMinVersion  = "1.2"
)

// margin is added to the window: one second for a vendor that counts in whole seconds, the rest for clocks that drift.
const margin = 1500 * time.Millisecond

// A token is valid for one day from its request; we stop using it a little earlier.
const (
	tokenLife   = 24 * time.Hour
	tokenMargin = 5 * time.Minute
)

// Limits are the vendor's, over any Window of its clock.
type Limits struct {
	Reports int           // default 3
	Tokens  int           // default 5
	Window  time.Duration // default 60 s
	Scope   string        // the key under which the vendor counts: one for all accounts behind an address, or the account
}

// TLS is what may have to be set for a server whose TLS is not documented. Verification cannot be switched off.
type TLS struct {
	CAFile     string // PEM; "" for the system's authorities
	MinVersion string // "1.0" to "1.3", default "1.2"
}

// Config is one account. Empty fields take the defaults above.
type Config struct {
	Account      string // the label everywhere
	Endpoint     string
	MainUsername string
	SecretKey    string
	Method       string
	ContentType  string
	Limits       Limits
	TLS          TLS
	Timeout      time.Duration // of one request, until its last byte
	MaxBody      int64         // bytes; a longer answer is an error, never cut silently
	Version      string        // of this program, for User-Agent
}

// Client asks for the reports of one account. Its methods are safe for concurrent use; requests go one after the other.
type Client struct {
	cfg      Config
	endpoint *url.URL
	http     *http.Client
	ledger   Ledger
	key      string // fingerprint of the credentials, under which the token is stored

	asking chan struct{} // full during a Fetch, so that two of them do not both ask for a token
}

// New checks cfg and makes a client; it sends nothing. Without rt it builds a transport with cfg.TLS and the proxy of the
// environment. Errors name the configuration key.
func New(cfg Config, ledger Ledger, rt http.RoundTripper) (*Client, error) {
	cfg.setDefaults()
	endpoint, err := url.Parse(cfg.Endpoint)
	switch {
	case err != nil || endpoint.Host == "" || (endpoint.Scheme != "https" && endpoint.Scheme != "http"):
		return nil, fmt.Errorf("alpemix.endpoint: not an address of the form https://host:port/path")
	case endpoint.User != nil:
		return nil, fmt.Errorf("alpemix.endpoint: holds a user or password: the credentials are main_username and secret_key")
	case endpoint.Scheme == "http" && !loopback(endpoint.Hostname()):
		return nil, fmt.Errorf("alpemix.endpoint: %s would send the secret key unencrypted over the network: use https", cfg.Endpoint)
	case cfg.MainUsername == "":
		return nil, fmt.Errorf("account %s: main_username is missing", cfg.Account)
	case cfg.SecretKey == "":
		return nil, fmt.Errorf("account %s: secret_key or secret_key_file is missing", cfg.Account)
	}
	if rt == nil {
		if rt, err = newTransport(cfg.TLS); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(cfg.Endpoint + "\x00" + cfg.MainUsername + "\x00" + cfg.SecretKey))
	return &Client{
		cfg: cfg, endpoint: endpoint, ledger: ledger, key: hex.EncodeToString(sum[:8]), asking: make(chan struct{}, 1),
		http: &http.Client{Transport: rt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

func (cfg *Config) setDefaults() {
	fill(&cfg.Method, DefaultMethod)
	fill(&cfg.ContentType, DefaultContentType)
	fill(&cfg.Limits.Reports, DefaultReports)
	fill(&cfg.Limits.Tokens, DefaultTokens)
	fill(&cfg.Limits.Window, DefaultWindow)
	fill(&cfg.Limits.Scope, cfg.Account)
	fill(&cfg.TLS.MinVersion, DefaultMinVersion)
	fill(&cfg.Timeout, DefaultTimeout)
	fill(&cfg.MaxBody, DefaultMaxBody)
	fill(&cfg.Version, "dev")
}

func fill[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// TokenExpiry is when the stored token ends, zero without one.
func (c *Client) TokenExpiry() time.Time {
	value, askedAt := c.ledger.Token(c.cfg.Account, c.key)
	if value == "" {
		return time.Time{}
	}
	return askedAt.Add(tokenLife)
}

// Budget is how many requests of kind (Token, or any report) could be sent at this moment.
func (c *Client) Budget(kind report.Kind) int {
	now := time.Now()
	if until, _ := c.ledger.Block(c.cfg.Limits.Scope); until.After(now) {
		return 0
	}
	counted, limit := c.counted(kind)
	return c.ledger.Remaining(c.cfg.Limits.Scope, counted, limit, c.window(), now)
}

// counted is how the vendor counts requests of kind, and how many it allows.
func (c *Client) counted(kind report.Kind) (name string, limit int) {
	if kind == report.Token {
		return "token", c.cfg.Limits.Tokens
	}
	return "report", c.cfg.Limits.Reports
}

func (c *Client) window() time.Duration { return c.cfg.Limits.Window + margin }
