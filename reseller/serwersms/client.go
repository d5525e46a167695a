// Package serwersms speaks the subaccount calls of SerwerSMS HTTPS API v2 (vendors/serwersms.txt). None of them tells a limit:
// what was set through us is what is known.
package serwersms

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

var vendor = vendorhttp.Vendor{
	Name:        "serwersms",
	EndpointKey: "reseller.serwersms.accounts.endpoint",
	TLSKey:      "reseller.serwersms.accounts.tls",
	LoginKeys:   "token, or username and password",
	Denied:      "the token, or username and password, are not right, or the API user may not use subaccounts or not from this machine's address: see the API users in the customer panel",
}

// Client speaks for one main account. It is safe for concurrent use.
type Client struct {
	cfg  Account
	http *vendorhttp.Client
}

// New makes the client of an account; it sends nothing. Errors name the configuration key.
func New(a Account, version string, rt http.RoundTripper) (*Client, error) {
	exchange, err := vendorhttp.New(vendor, vendorhttp.Account{Name: a.Name, Endpoint: a.Endpoint, TLS: a.TLS, Version: version}, rt)
	if err != nil {
		return nil, err
	}
	return &Client{a, exchange}, nil
}

// Held implements reseller.Client.
func (c *Client) Held() string { return c.cfg.Token.Reveal() + "\n" + c.cfg.Password.Reveal() }

// Index lists the subaccounts ("Listowanie subkont").
func (c *Client) Index(ctx context.Context) (all []Subaccount, err error) {
	r := c.request("subaccounts/index", c.login())
	err = c.call(ctx, r, func(a *vendorhttp.Answer, doc *answer) (err error) {
		all, err = doc.subaccounts()
		a.Rows = uint64(len(all))
		return err
	})
	return all, err
}

// View tells one subaccount's details ("Wyświetlenie szczegółów subkonta").
func (c *Client) View(ctx context.Context, id int64) (details Details, err error) {
	r := c.request("subaccounts/view", idRequest{c.login(), id})
	err = c.call(ctx, r, func(a *vendorhttp.Answer, doc *answer) (err error) {
		details, err = doc.details(id)
		a.Rows = 1
		return err
	})
	return details, err
}

// NewSubaccount is a subaccount to be made. Name, phone and mail address may be empty.
type NewSubaccount struct {
	Username string
	Password secret.Value
	Template int64 // the subaccount whose rights and settings are copied
	Name     string
	Phone    string
	Email    string
}

// Add makes a subaccount and tells its id ("Tworzenie subkont").
func (c *Client) Add(ctx context.Context, s NewSubaccount) (id int64, err error) {
	r := c.request("subaccounts/add", addRequest{
		login: c.login(), SubUsername: s.Username, SubPassword: s.Password.Reveal(), Template: s.Template, Name: s.Name, Phone: s.Phone, Email: s.Email,
	})
	r.Changes = true
	r.Secrets = append(r.Secrets, s.Password.Reveal())
	if foreign := strings.IndexFunc(s.Username, func(c rune) bool { return !isNameCharacter(c) }); foreign >= 0 {
		character, _ := utf8.DecodeRuneInString(s.Username[foreign:])
		return 0, c.http.Fail(r, report.Permanent, "bad_request",
			"not sent: the subaccount's username holds %q; the vendor takes a-z, A-Z, 0-9 and the characters , _ @ .", character)
	}
	for _, text := range []string{s.Username, s.Password.Reveal()} {
		if n := utf8.RuneCountInString(text); n < 3 || n > 20 {
			return 0, c.http.Fail(r, report.Permanent, "bad_request", "not sent: the subaccount's username and password need 3 to 20 characters, not %d", n)
		}
	}
	err = c.call(ctx, r, func(_ *vendorhttp.Answer, doc *answer) (err error) {
		id, err = doc.newID()
		return err
	})
	return id, err
}

// isNameCharacter reports whether the document names c as part of a username.
func isNameCharacter(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(",_@.", c)
}

// Limit allows a subaccount a number of messages of one type ("Ustawianie limitów wiadomości dla subkonta").
func (c *Client) Limit(ctx context.Context, l Limit) error {
	r := c.request("subaccounts/limit", limitRequest{c.login(), l})
	r.Changes = true
	if _, ok := resources[l.Type]; !ok || l.Value < 0 {
		return c.http.Fail(r, report.Permanent, "bad_request", "not sent: %d messages of type %q; the vendor knows eco, full, voice, mms and hlr", l.Value, l.Type)
	}
	return c.call(ctx, r, done(l.ID))
}

// Delete deletes a subaccount ("Usuwanie subkonta").
func (c *Client) Delete(ctx context.Context, id int64) error {
	r := c.request("subaccounts/delete", idRequest{c.login(), id})
	r.Changes = true
	return c.call(ctx, r, done(id))
}

// done reads the answer of a change to a subaccount. An empty object is a success, as it holds no
// error; one that holds neither success nor id says something that the document does not know.
func done(id int64) func(*vendorhttp.Answer, *answer) error {
	return func(_ *vendorhttp.Answer, doc *answer) error {
		if shape := vendorhttp.Shape(doc.text); !doc.Success.Valid && !doc.ID.Valid && shape != "{}" {
			return fmt.Errorf("success and id are missing in %s", shape)
		}
		return doc.isOf(id)
	}
}

// login is the part of every body that logs in where there is no token.
func (c *Client) login() login { return login{c.cfg.Username, c.cfg.Password.Reveal()} }

// request is an action with its parameters.
func (c *Client) request(job string, parameters any) vendorhttp.Request {
	token := c.cfg.Token.Reveal()
	r := vendorhttp.Request{
		Job: job, Method: http.MethodPost, Path: strings.Split(job, "/"), Payload: parameters, Header: http.Header{},
		Secrets: []string{token, c.cfg.Password.Reveal()},
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// call makes a request and hands a success to read.
func (c *Client) call(ctx context.Context, r vendorhttp.Request, read func(*vendorhttp.Answer, *answer) error) error {
	return c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		doc, err := judge(a)
		if err != nil {
			return err
		}
		return read(a, doc)
	})
}
