package vendorhttp

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// DryRun is a transport that sends nothing. Every call returns the *Preview of its request as the
// error.
type DryRun struct{}

var errDryRun = errors.New("nothing is sent in a dry run")

// RoundTrip refuses the request.
func (DryRun) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return nil, errDryRun
}

// Preview is a request as it would have been sent, without its secrets.
type Preview struct{ text string }

func (p *Preview) Error() string { return p.text }

func preview(req *http.Request, r Request) *Preview {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", req.Method, req.URL)
	_ = req.Header.Write(&b) // into memory
	text := strings.ReplaceAll(b.String(), "\r\n", "\n")
	if len(r.Body) > 0 {
		text += "\n" + string(r.Body) + "\n"
	}
	return &Preview{redactOwn(text, r.Secrets)}
}
