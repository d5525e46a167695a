package vendorhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Request is one call of a vendor's API.
type Request struct {
	Job     string   // name of the call in fetches and errors: user/list
	Method  string   // default GET
	Path    []string // after the endpoint, unescaped; a slash in an element is escaped
	Query   string   // as a person may write it; see QueryText
	Base    *url.URL // instead of the endpoint, for a vendor's second API
	Header  http.Header
	Body    []byte
	Payload any      // sent as JSON instead of Body
	Secrets []string // what no log, error or preview of the request or its answer may show
	// Complete reports whether the answer so far is a complete document. If so, it counts even if
	// the transport reports an early end. Nil: JSON or XML with nothing after it.
	Complete func(open func() (io.ReadCloser, error)) bool
	Private  bool // the answer may hold a new secret: none of it is shown
	// Changes: the call changes something at the vendor. It is sent at most once. Without a clear
	// answer its outcome is unknown, which is not the same as failed.
	Changes bool
}

// address returns where r goes when the vendor's endpoint is base.
func (r Request) address(base *url.URL) *url.URL {
	if r.Base != nil {
		base = r.Base
	}
	u := *base
	if r.Query != "" {
		u.RawQuery = QueryText(r.Query)
	}
	if len(r.Path) == 0 {
		return &u
	}
	escaped := strings.TrimRight(u.EscapedPath(), "/")
	u.Path = strings.TrimRight(u.Path, "/")
	for _, element := range r.Path {
		u.Path += "/" + element
		escaped += "/" + url.PathEscape(element)
	}
	u.RawPath = escaped
	return &u
}

// PathElement returns why text cannot be one element of a URL's path, or "" if it can.
func PathElement(text string) string {
	switch {
	case text == "":
		return "is empty"
	case text == "." || text == "..":
		return "would be removed from the address as a step in its path"
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return "has control characters, or is not UTF-8"
	}
	return ""
}

// QueryText escapes everything in a query string that no URL may hold; what is escaped already
// stays.
func QueryText(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"#<>\\^`{|}", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// build returns the HTTP request for r. It fills r.Body.
func (c *Client) build(ctx context.Context, r *Request) (*http.Request, error) {
	var body io.Reader
	if r.Payload != nil {
		var err error
		if r.Body, err = JSON(r.Payload); err != nil {
			return nil, err
		}
	}
	switch {
	case r.Body != nil:
		body = bytes.NewReader(r.Body)
	case r.Changes:
		// net/http retries a GET on its own when a kept connection breaks, unless it has a body
		// that it cannot rewind. An empty one sends nothing.
		body = struct{ io.Reader }{http.NoBody}
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.address(c.base).String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be built: is the address correct?") // err would show the address
	}
	for name, values := range r.Header {
		req.Header[name] = slices.Clone(values)
	}
	if r.Payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", "alpemix-collector/"+c.account.Version)
	return req, nil
}

// Format prints a request without its secrets, whatever the verb.
func (r Request) Format(s fmt.State, _ rune) {
	text := fmt.Sprintf("%s %s %s", r.Job, r.Method, strings.Join(r.Path, "/"))
	_, _ = io.WriteString(s, redactOwn(text, r.Secrets))
}

// JSON encodes v as the vendors' documents show it. json.Marshal would turn <, > and & of a
// password into escapes, which not every reader decodes.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
