// Package alpemix speaks the HTTP dialect of Alpemix (vendors/alpemix.txt): a window of time becomes the bytes of a report.
// Tokens, the vendor's limits, HTTP and error numbers end here. It never waits.
package alpemix

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// The documented limits ("Request Limits to be Sent to Our Servers") and our defaults.
const (
	DefaultReports     = 3
	DefaultTokens      = 5
	DefaultWindow      = 60 * time.Second
	DefaultTimeout     = 5 * time.Minute
	DefaultMaxBody     = 1 << 30 // bytes; a day of a million connections has some 400 MB
	DefaultMethod      = http.MethodPost
	DefaultContentType = "application/json"
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

// vendor is what the errors of package vendorhttp say of Alpemix.
var vendor = vendorhttp.Vendor{
	Name:        "alpemix",
	EndpointKey: "alpemix.endpoint",
	TLSKey:      "alpemix.tls",
	LoginKeys:   "main_username and secret_key",
	Denied:      "refused before the API was reached: a firewall in front of the vendor, or a proxy",
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
	TLS          vendorhttp.TLS
	Timeout      time.Duration // of one request, until its last byte
	MaxBody      int64         // bytes; a longer answer is an error, never cut silently
	Spill        string        // folder for the part of an answer that does not fit into memory; empty: all is kept in memory
	Version      string        // of this program, for User-Agent
}

// Client asks for the reports of one account. Its methods are safe for concurrent use; requests go one after the other.
type Client struct {
	cfg    Config
	http   *vendorhttp.Client
	ledger Ledger
	key    string // fingerprint of the credentials, under which the token is stored

	asking chan struct{} // full during a Fetch, so that two of them do not both ask for a token
	tokens []string      // that were used last; for whoever fills asking
}

// New checks cfg and makes a client; it sends nothing. Without rt it builds a transport with cfg.TLS and the proxy of the
// environment. Errors name the configuration key.
func New(cfg Config, ledger Ledger, rt http.RoundTripper) (*Client, error) {
	cfg.setDefaults()
	exchange, err := vendorhttp.New(vendor, vendorhttp.Account{
		Name: cfg.Account, Endpoint: cfg.Endpoint, TLS: cfg.TLS, Timeout: cfg.Timeout, MaxBody: cfg.MaxBody, Spill: cfg.Spill, Version: cfg.Version,
	}, rt)
	switch {
	case err != nil:
		return nil, err
	case cfg.MainUsername == "":
		return nil, fmt.Errorf("account %s: main_username is missing", cfg.Account)
	case cfg.SecretKey == "":
		return nil, fmt.Errorf("account %s: secret_key or secret_key_file is missing", cfg.Account)
	}
	sum := sha256.Sum256([]byte(cfg.Endpoint + "\x00" + cfg.MainUsername + "\x00" + cfg.SecretKey))
	return &Client{cfg: cfg, http: exchange, ledger: ledger, key: hex.EncodeToString(sum[:8]), asking: make(chan struct{}, 1)}, nil
}

func (cfg *Config) setDefaults() {
	fill(&cfg.Method, DefaultMethod)
	fill(&cfg.ContentType, DefaultContentType)
	fill(&cfg.Limits.Reports, DefaultReports)
	fill(&cfg.Limits.Tokens, DefaultTokens)
	fill(&cfg.Limits.Window, DefaultWindow)
	fill(&cfg.Limits.Scope, cfg.Account)
	fill(&cfg.Timeout, DefaultTimeout)
	fill(&cfg.MaxBody, DefaultMaxBody)
}

func fill[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
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
	if until, _ := c.ledger.Block(c.cfg.Limits.Scope); !pacing.Reached(until, now) {
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
