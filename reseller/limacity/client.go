// Package limacity speaks the reseller API of lima-city (vendors/limacity.txt): it makes customers, and calls the customer API with
// a customer's own key.
package limacity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

var vendor = vendorhttp.Vendor{
	Name:        "limacity",
	EndpointKey: "reseller.limacity.accounts.endpoint",
	TLSKey:      "reseller.limacity.accounts.tls",
	LoginKeys:   "api_key or api_key_file",
	Denied:      "the API key is not right, or has not the rights that the call needs (reseller.customers.admin for customers): see the API keys of the account",
}

// Client speaks for one reseller account. It is safe for concurrent use.
type Client struct {
	name   string
	key    secret.Value
	http   *vendorhttp.Client
	usercp *url.URL
}

// New makes the client of an account; it sends nothing. Errors name the configuration key.
func New(a Account, version string, rt http.RoundTripper) (*Client, error) {
	exchange, err := vendorhttp.New(vendor, vendorhttp.Account{Name: a.Name, Endpoint: a.Endpoint, TLS: a.TLS, Version: version}, rt)
	if err != nil {
		return nil, err
	}
	usercp, err := customerAPI(a.Endpoint)
	if err != nil {
		return nil, err
	}
	return &Client{a.Name, a.APIKey, exchange, usercp}, nil
}

// Held implements reseller.Client.
func (c *Client) Held() string { return c.key.Reveal() }

// customerAPI is where the customer API lies: beside the reseller API, as usercp.
func customerAPI(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("%s: not an address", vendor.EndpointKey)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.Path = u.Path[:strings.LastIndex(u.Path, "/")+1] + "usercp"
	u.RawPath = ""
	return u, nil
}

// NewCustomer is a customer to be made.
type NewCustomer struct {
	Username      string
	Email         string
	DiskSpaceGB   int
	MySQLSpaceGB  int
	MailLimit     int
	FurnishAPIKey bool // also make a key with all rights to the customer's account
}

// Created is a customer that was made.
type Created struct {
	ID int64
	// APIKey opens the customer's account. It is told this once: store it before anything else.
	APIKey secret.Value
}

// CreateCustomer makes a customer ("Schritt 2: Kunden per API anlegen"). What the answer tells is returned beside an error too: a
// key without an id, or, with the reason no_api_key, an id without the key that was asked for.
func (c *Client) CreateCustomer(ctx context.Context, n NewCustomer) (created Created, err error) {
	r := request(http.MethodPost, "customers", c.key)
	r.Job, r.Changes, r.Private = "customers/create", true, true
	r.Payload = n.request()
	err = c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		doc, err := judge(a)
		if err != nil {
			return err
		}
		if created, err = doc.created(); err != nil {
			return err
		}
		if n.FurnishAPIKey && created.APIKey.Empty() {
			return a.Fail(report.Permanent, "no_api_key", "customer %d was created, but the answer holds no api_key: create one in the customer's account", created.ID)
		}
		return nil
	})
	return created, err
}

// Customer is one line of the list.
type Customer struct {
	ID       int64  `json:"id"`
	Username string `json:"username"` // may be empty
}

// Customers lists the customers. The call is not documented; it follows the site's convention. A server that does not have it is a
// failure of reason report.NotOffered.
func (c *Client) Customers(ctx context.Context) (all []Customer, err error) {
	r := request(http.MethodGet, "customers", c.key)
	r.Job = "customers/list"
	err = c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		if a.Status == http.StatusNotFound || a.Status == http.StatusMethodNotAllowed {
			return a.Fail(report.Permanent, report.NotOffered, "HTTP %d: this server has no list of customers; customers created through the collector are recorded", a.Status)
		}
		doc, err := judge(a)
		if err != nil {
			return err
		}
		all, err = doc.customers()
		a.Rows = uint64(len(all))
		return err
	})
	return all, err
}

// Usercp reads something of a customer's account with the customer's own key ("Schritt 3: API-Calls als Kunde absetzen"): path is
// what follows usercp/ in the customer API, such as domains or domains?page=2. The values of keys and passwords in the answer are redacted.
func (c *Client) Usercp(ctx context.Context, key secret.Value, path string) (doc json.RawMessage, err error) {
	path, query, _ := strings.Cut(path, "?")
	r := request(http.MethodGet, strings.Trim(path, "/"), key)
	r.Job, r.Base, r.Query, r.Private = "usercp", c.usercp, query, true
	if key.Empty() {
		return nil, c.http.Fail(r, report.Permanent, "bad_request", "not sent: the customer's key is empty")
	}
	if _, err := url.ParseQuery(query); err != nil || strings.ContainsFunc(query, unicode.IsControl) {
		return nil, c.http.Fail(r, report.Permanent, "bad_request", "not sent: %q is not a query string of the form name=value&name=value", query)
	}
	for _, element := range r.Path {
		if problem := vendorhttp.PathElement(element); problem != "" {
			return nil, c.http.Fail(r, report.Permanent, "bad_request", "not sent: %q in the path %q %s", element, path, problem)
		}
	}
	err = c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		answered, err := judge(a)
		if err != nil {
			return err
		}
		doc, err = withoutSecrets(answered.text)
		return err
	})
	return doc, err
}

// request is a call with a key, which HTTP Basic carries as the password of the user api.
func request(method, path string, key secret.Value) vendorhttp.Request {
	basic := base64.StdEncoding.EncodeToString([]byte("api:" + key.Reveal()))
	return vendorhttp.Request{
		Method: method, Path: strings.Split(path, "/"), Header: http.Header{"Authorization": {"Basic " + basic}},
		Secrets: []string{basic, key.Reveal()},
	}
}
