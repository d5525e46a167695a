// Package remotepc speaks the reseller API of RemotePC (vendors/remotepc.txt): four calls, of which one tells every customer's
// allotment.
package remotepc

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/vendorhttp"
)

const denied = "the API key is not right, or this machine's address is not on the list of allowed addresses: see API Keys in the reseller account"

var vendor = vendorhttp.Vendor{
	Name:        "remotepc",
	EndpointKey: "reseller.remotepc.accounts.endpoint",
	TLSKey:      "reseller.remotepc.accounts.tls",
	LoginKeys:   "api_key or api_key_file",
	Denied:      denied,
}

// Client speaks for one reseller account. It is safe for concurrent use.
type Client struct {
	name string
	key  secret.Value
	http *vendorhttp.Client
}

// New makes the client of an account; it sends nothing. Errors name the configuration key.
func New(a Account, version string, rt http.RoundTripper) (*Client, error) {
	exchange, err := vendorhttp.New(vendor, vendorhttp.Account{Name: a.Name, Endpoint: a.Endpoint, TLS: a.TLS, Version: version}, rt)
	if err != nil {
		return nil, err
	}
	return &Client{a.Name, a.APIKey, exchange}, nil
}

// Held implements reseller.Client.
func (c *Client) Held() string { return c.key.Reveal() }

// NewUser is a user to be added.
type NewUser struct {
	FirstName string
	LastName  string
	Email     string
	Password  secret.Value
	Computers int
	SendEmail *bool // whether the user is told by mail; nil leaves it to the vendor
}

// Add makes a user ("1. Benutzer hinzufügen").
func (c *Client) Add(ctx context.Context, u NewUser) error {
	r := c.request("user/add", addRequest{u.FirstName, u.LastName, u.Email, u.Password.Reveal(), u.Computers, u.SendEmail})
	r.Changes = true
	r.Secrets = append(r.Secrets, u.Password.Reveal())
	return c.call(ctx, r, func(_ *vendorhttp.Answer, message json.RawMessage) error { return succeeded(message) })
}

// SignIn gets the address under which a user is logged in without a password ("3. Benutzeranmeldung"). Whoever has it is that user.
func (c *Client) SignIn(ctx context.Context, username string, password secret.Value) (link secret.Value, err error) {
	r := c.request("user/signin", signInRequest{username, password.Reveal()})
	r.Private = true
	r.Secrets = append(r.Secrets, password.Reveal())
	err = c.call(ctx, r, func(_ *vendorhttp.Answer, message json.RawMessage) (err error) {
		link, err = parseLink(message)
		return err
	})
	return link, err
}

// List tells all users ("4. Benutzerliste").
func (c *Client) List(ctx context.Context) ([]User, error) {
	users, _, err := c.list(ctx)
	return users, err
}

// list also tells when the answer was whole. The call's body is not documented: an empty object.
func (c *Client) list(ctx context.Context) (users []User, at time.Time, err error) {
	err = c.call(ctx, c.request("user/list", struct{}{}), func(a *vendorhttp.Answer, message json.RawMessage) (err error) {
		users, err = parseUsers(message)
		a.Rows, at = uint64(len(users)), a.At
		return err
	})
	return users, at, err
}

// request is a call with its payload.
func (c *Client) request(job string, payload any) vendorhttp.Request {
	key := c.key.Reveal()
	return vendorhttp.Request{
		Job: job, Method: http.MethodPost, Path: strings.Split(job, "/"), Payload: payload,
		Header: http.Header{"Authorization": {"Bearer " + key}}, Secrets: []string{key},
	}
}

// call makes a request and hands the message of a success to read.
func (c *Client) call(ctx context.Context, r vendorhttp.Request, read func(*vendorhttp.Answer, json.RawMessage) error) error {
	return c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		message, err := judge(a)
		if err != nil {
			return err
		}
		return read(a, message)
	})
}
