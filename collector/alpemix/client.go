// Package alpemix implements the HTTP dialect of Alpemix (alpemix.txt): it turns a window of time
// into the bytes of a report. It handles tokens, the vendor's limits, HTTP and error numbers. It
// never waits.
package alpemix

import (
	"cmp"
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

// margin is added to the window: one second for a vendor that counts in whole seconds, the rest for
// clock drift.
const margin = 1500 * time.Millisecond

// A token is valid for one day after its request. We stop using it a little earlier.
const (
	tokenLife   = 24 * time.Hour
	tokenMargin = 5 * time.Minute
)

// Limits are the vendor's limits, over any Window of its clock.
type Limits struct {
	Reports int           // default 3
	Tokens  int           // default 5
	Window  time.Duration // default 60 s
	Scope   string        // the key under which the vendor counts: one for all accounts behind an address, or one per account
}

// vendor describes Alpemix for package vendorhttp.
var vendor = vendorhttp.Vendor{
	Name:        "alpemix",
	EndpointKey: "alpemix.endpoint",
	TLSKey:      "alpemix.tls",
	LoginKeys:   "main_username and secret_key",
	Denied:      "refused before the API was reached: a firewall in front of the vendor, or a proxy",
}

// Config is the configuration of one account. Empty fields take the defaults above.
type Config struct {
	Account      string // the account's label everywhere
	Endpoint     string
	MainUsername string
	SecretKey    string
	Method       string
	ContentType  string
	Limits       Limits
	TLS          vendorhttp.TLS
	Timeout      time.Duration // of one request, including the body
	MaxBody      int64         // bytes; a longer answer is an error and never truncated silently
	Spill        string        // folder for the part of an answer that exceeds memory; empty: all stays in memory
	Version      string        // of this program, for User-Agent
}

// Client requests the reports of one account. Its methods are safe for concurrent use; requests are
// sent one after the other.
type Client struct {
	cfg    Config
	http   *vendorhttp.Client
	ledger Ledger
	key    string // fingerprint of the credentials; the token is stored under it

	asking chan struct{} // full during a Fetch, so that two of them do not both request a token
	tokens []string      // the last ones used; guarded by asking
}

// New checks cfg and returns a client. It sends nothing. If rt is nil, it builds a transport from
// cfg.TLS and the environment's proxy. Errors name the configuration key.
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
	cfg.Method = cmp.Or(cfg.Method, DefaultMethod)
	cfg.ContentType = cmp.Or(cfg.ContentType, DefaultContentType)
	cfg.Limits.Reports = cmp.Or(cfg.Limits.Reports, DefaultReports)
	cfg.Limits.Tokens = cmp.Or(cfg.Limits.Tokens, DefaultTokens)
	cfg.Limits.Window = cmp.Or(cfg.Limits.Window, DefaultWindow)
	cfg.Limits.Scope = cmp.Or(cfg.Limits.Scope, cfg.Account)
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, DefaultMaxBody)
}

// TokenExpiry returns when the stored token expires, zero without one.
func (c *Client) TokenExpiry() time.Time {
	value, askedAt := c.ledger.Token(c.cfg.Account, c.key)
	if value == "" {
		return time.Time{}
	}
	return askedAt.Add(tokenLife)
}

// Budget returns how many requests of kind (Token, or any report) could be sent now.
func (c *Client) Budget(kind report.Kind) int {
	now := time.Now()
	if until, _ := c.ledger.Block(c.cfg.Limits.Scope); !pacing.Reached(until, now) {
		return 0
	}
	counted, limit := c.counted(kind)
	return c.ledger.Remaining(c.cfg.Limits.Scope, counted, limit, c.window(), now)
}

// counted returns how the vendor counts requests of kind, and how many it allows.
func (c *Client) counted(kind report.Kind) (name string, limit int) {
	if kind == report.Token {
		return "token", c.cfg.Limits.Tokens
	}
	return "report", c.cfg.Limits.Reports
}

func (c *Client) window() time.Duration { return c.cfg.Limits.Window + margin }
