// Package ccportal speaks the CC Simple Portal API (vendors/ccportal.txt): portal access, mail addresses and packs of one customer
// at a time, in JSON or XML. Its changes are GETs.
package ccportal

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// maxBody is far above what one customer can have.
const maxBody = 1 << 20

var vendor = vendorhttp.Vendor{
	Name:        "ccportal",
	EndpointKey: "reseller.ccportal.accounts.base_url",
	TLSKey:      "reseller.ccportal.accounts.tls",
	LoginKeys:   "none, the portal goes by this machine's address",
	Denied:      "the portal does not serve this machine's address: ask the vendor to allow it",
	PrivateHTTP: true,
}

// Client speaks for one portal. It is safe for concurrent use.
type Client struct {
	name      string
	customers []string
	xml       bool
	http      *vendorhttp.Client
}

// New makes the client of an account; it sends nothing. Errors name the configuration key.
func New(a Account, version string, rt http.RoundTripper) (*Client, error) {
	customers, err := a.numbers()
	if err != nil {
		return nil, err
	}
	for _, customer := range customers {
		if problem := vendorhttp.PathElement(customer); problem != "" {
			return nil, fmt.Errorf("reseller.ccportal.accounts.customers: %q %s", customer, problem)
		}
	}
	exchange, err := vendorhttp.New(vendor, vendorhttp.Account{Name: a.Name, Endpoint: a.BaseURL, TLS: a.TLS, Version: version, MaxBody: maxBody}, rt)
	if err != nil {
		return nil, err
	}
	return &Client{a.Name, customers, a.Format == "xml", exchange}, nil
}

// Held implements reseller.Client.
func (c *Client) Held() string { return strings.Join(c.customers, "\n") }

// AccessStatus tells whether a customer can log in to the portal ("Auflistung des aktuellen Status").
func (c *Client) AccessStatus(ctx context.Context, customer string) (access Access, err error) {
	err = c.read(ctx, c.request("access/status", customer), customer, func(doc *document) (uint64, error) {
		access, err = doc.access()
		return 1, err
	})
	return access, err
}

// AccessEnable lets a customer log in with a password, also a new one ("Einrichten/Update der Portaldaten", "Portal Passwort Reset").
// The API takes its MD5, without salt, in the address.
func (c *Client) AccessEnable(ctx context.Context, customer string, password secret.Value) error {
	sum := md5.Sum([]byte(password.Reveal()))
	hash := hex.EncodeToString(sum[:])
	r := c.request("access/enable", customer, hash)
	r.Secrets = []string{password.Reveal(), hash}
	if password.Empty() {
		return c.http.Fail(r, report.Permanent, "bad_request", "not sent: the password is empty")
	}
	return c.change(ctx, r)
}

// AccessDisable ends a customer's access ("Deaktivieren eingerichteter Portaldaten").
func (c *Client) AccessDisable(ctx context.Context, customer string) error {
	return c.change(ctx, c.request("access/disable", customer))
}

// MailList tells a customer's mail addresses ("Auflistung aller eingerichteten Mailadressen").
func (c *Client) MailList(ctx context.Context, customer string) (mailboxes []Mailbox, err error) {
	err = c.read(ctx, c.request("mail/list", customer), customer, func(doc *document) (uint64, error) {
		mailboxes, err = doc.mailboxes()
		return uint64(len(mailboxes)), err
	})
	return mailboxes, err
}

// PackList tells a customer's packs ("Auflistung aller eingerichteten Packete").
func (c *Client) PackList(ctx context.Context, customer string) (packs Packs, err error) {
	err = c.read(ctx, c.request("pack/list", customer), customer, func(doc *document) (uint64, error) {
		packs, err = doc.packs()
		return uint64(len(packs.Packs)), err
	})
	return packs, err
}

// PackEnable gives a customer a pack: mail with 5 allows five mailboxes ("Aktivieren eines Packetes").
func (c *Client) PackEnable(ctx context.Context, customer, pack, value string) error {
	return c.change(ctx, c.request("pack/enable", customer, pack, value))
}

// PackDisable takes a pack away ("Deaktivieren eines Packetes").
func (c *Client) PackDisable(ctx context.Context, customer, pack, value string) error {
	return c.change(ctx, c.request("pack/disable", customer, pack, value))
}

// request is a call of package/action: /package/customer/action/more.
func (c *Client) request(job, customer string, more ...string) vendorhttp.Request {
	group, action, _ := strings.Cut(job, "/")
	header := http.Header{"Accept": {"text/json, application/json, text/plain"}}
	if c.xml {
		header = http.Header{"Accept": {"text/xml, application/xml, text/plain"}, "Force-Xml": {"true"}}
	}
	return vendorhttp.Request{Job: job, Method: http.MethodGet, Path: append([]string{group, customer, action}, more...), Header: header}
}

// check refuses a path that would be another call.
func (c *Client) check(r vendorhttp.Request) error {
	for _, element := range r.Path {
		if problem := vendorhttp.PathElement(element); problem != "" {
			return c.http.Fail(r, report.Permanent, "bad_request", "not sent: %q %s", element, problem)
		}
	}
	return nil
}

// read makes a call that tells something of a customer.
func (c *Client) read(ctx context.Context, r vendorhttp.Request, customer string, use func(*document) (rows uint64, err error)) error {
	if err := c.check(r); err != nil {
		return err
	}
	return c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		if err := judge(a); err != nil {
			return err
		}
		doc, err := decode(a)
		if err != nil {
			return err
		}
		if err := doc.isOf(customer); err != nil {
			return doc.unexpected(err)
		}
		rows, err := use(doc)
		if err != nil {
			return doc.unexpected(err)
		}
		a.Rows = rows
		return nil
	})
}

// nobody are the bodies that hold nothing, in the words of converters to JSON.
var nobody = []string{"", "ok", "null", "[]", `""`}

// change makes a call that changes something. HTTP status 200 is a success, with a body that holds
// nothing or a document about the customer. A page, a text or another document contradicts it.
func (c *Client) change(ctx context.Context, r vendorhttp.Request) error {
	r.Changes = true
	if err := c.check(r); err != nil {
		return err
	}
	return c.http.Do(ctx, r, func(a *vendorhttp.Answer) error {
		if err := judge(a); err != nil {
			return err
		}
		if slices.Contains(nobody, strings.ToLower(string(bytes.TrimSpace(a.Body)))) {
			return nil
		}
		doc, err := decode(a)
		if err != nil {
			return err
		}
		return doc.confirms(r.Path[1])
	})
}
