// Package webhook delivers events of allotments that are nearly used up to an address of the user's: one POST of JSON for each
// attempt, as docs/webhook.md tells.
package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

var receiver = vendorhttp.Vendor{
	Name:        "webhook",
	EndpointKey: "reseller.webhook.url",
	TLSKey:      "reseller.webhook.tls",
	Denied:      "the webhook does not take what its address holds as a login",
	PlainHTTP:   true,
}

// Config is one address.
type Config struct {
	URL     secret.Value  // whoever has it may send events, so nothing shows more of it than the host
	Timeout time.Duration // of one attempt
	TLS     vendorhttp.TLS
	Version string // of this program, for User-Agent
}

// Client delivers to one address. It is safe for concurrent use.
type Client struct {
	http    *vendorhttp.Client
	header  http.Header
	secrets []string
}

// New checks cfg and makes a client; it sends nothing. Errors name the configuration key. Without rt it builds a transport.
func New(cfg Config, rt http.RoundTripper) (*Client, error) {
	address := cfg.URL.Reveal()
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New(receiver.EndpointKey + ": is not an address of the form https://host/path")
	}
	c := &Client{header: http.Header{}, secrets: secretsOf(address, u)}
	if user := u.User; user != nil {
		password, _ := user.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		c.header.Set("Authorization", "Basic "+basic)
		c.secrets = append(c.secrets, password, basic)
		u.User = nil
	}
	c.http, err = vendorhttp.New(receiver, vendorhttp.Account{
		Name: u.Hostname(), Endpoint: u.String(), TLS: cfg.TLS, Timeout: cfg.Timeout, Version: cfg.Version,
	}, rt)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// secretsOf are the parts of an address that may admit whoever has them. What is shorter admits nobody, and stands in any text.
func secretsOf(address string, u *url.URL) []string {
	const least = 6
	all := []string{address, u.RawQuery, u.Path}
	for _, values := range u.Query() {
		all = append(all, values...)
	}
	return slices.DeleteFunc(all, func(part string) bool { return len(part) < least })
}

// Format shows whose client this is and none of its secrets, whatever the verb.
func (c Client) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, c.http) }

// Deliver makes one attempt. It returns nil when the answer is a 2xx, whatever else it holds; its error is a *report.Failure.
func (c *Client) Deliver(ctx context.Context, e report.Event) error {
	id := e.ID()
	r := vendorhttp.Request{
		Job: "event " + id, Method: http.MethodPost, Payload: newMessage(e), Header: c.header.Clone(), Secrets: c.secrets, Private: true,
	}
	r.Header.Set("Idempotency-Key", id)
	a, err := c.http.Exchange(ctx, r)
	if trouble, ok := errors.AsType[*vendorhttp.Trouble](err); ok {
		return c.http.Fail(r, trouble.Class, trouble.Reason, "%w", trouble)
	}
	switch {
	case err != nil:
		return err
	case a.Status >= 200 && a.Status <= 299:
		return nil
	}
	return a.Refused()
}
