package vendorhttp

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"time"

	"alpemix-collector/report"
)

// Fail returns a failure of the request that a answers, see Client.Fail.
func (a *Answer) Fail(class report.Class, reason, format string, args ...any) *report.Failure {
	if a.Via != "" {
		format, args = format+"%s", append(args, throughProxy(a.Via))
	}
	return a.client.Fail(a.request, class, reason, format, args...)
}

// Excerpt returns the start of the vendor's text, for an error message.
func (a *Answer) Excerpt(said []byte) string {
	if a.request.Private {
		return notShown
	}
	return a.ErrorText(said)
}

// ErrorText is Excerpt for an error in the vendor's own form, which holds no new secret even if the
// answer might.
func (a *Answer) ErrorText(said []byte) string { return Excerpt(said, a.request.Secrets) }

// Page reports whether the body is a web page or another document in angle brackets.
func (a *Answer) Page() bool {
	body := bytes.TrimLeft(bytes.TrimPrefix(a.Body, bom), " \t\r\n")
	return len(body) > 0 && body[0] == '<'
}

// Refused returns the failure for an HTTP status alone. The status need not come from the vendor.
func (a *Answer) Refused() *report.Failure {
	fail := func(class report.Class, reason, what string) *report.Failure {
		return a.Fail(class, reason, "HTTP %d %s: %s", a.Status, http.StatusText(a.Status), what)
	}
	v := a.client.vendor
	switch {
	case a.Status == http.StatusTooManyRequests:
		too := fail(report.Throttle, "http_429", "too many requests")
		wait, said := retryAfter(a.Header, time.Now())
		if !said {
			wait = throttleUsual
		}
		too.NotBefore = time.Now().Add(wait)
		return too
	case a.Status == http.StatusProxyAuthRequired:
		refused := fail(report.Permanent, "proxy_auth", "the proxy asks for a user and password: set them in HTTPS_PROXY")
		refused.Unsent = true
		return refused
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return fail(report.Permanent, "http_"+strconv.Itoa(a.Status), v.Denied)
	case a.Status >= 300 && a.Status < 400:
		return fail(report.Permanent, "redirect", "redirects are not followed, or secrets would go elsewhere: is "+v.EndpointKey+" right?")
	case a.Status == http.StatusRequestTimeout, a.Status >= 500:
		trouble := fail(report.Transient, "http_5xx", "the vendor's server, or a proxy in front of it, has a problem")
		if wait, said := retryAfter(a.Header, time.Now()); said {
			trouble.NotBefore = time.Now().Add(wait)
		}
		return trouble
	}
	return fail(report.Permanent, "http_4xx", "is "+v.EndpointKey+" right?")
}

// InForm marks err as one about an answer in the vendor's form, although it starts like a page:
// XML.
func InForm(err error) error { return &formError{err} }

type formError struct{ error }

func (e *formError) Unwrap() error { return e.error }

func isForm(err error) bool {
	_, ok := errors.AsType[*formError](err)
	return ok
}

// unreadable returns the failure of an answer that is not in the vendor's form, because of err.
func (a *Answer) unreadable(err error) *report.Failure {
	switch {
	case (a.Status < 200 || a.Status > 299) && !isUnclear(err):
		return a.Refused()
	case a.TooLarge():
		return a.Fail(report.Permanent, "body_too_large", "the answer is longer than %d bytes", a.client.account.MaxBody)
	case a.Cut != nil:
		return a.Fail(report.Transient, "body_cut", "the answer ended early, after %d bytes: %w", len(a.Body), a.Cut)
	case len(bytes.TrimSpace(a.Body)) == 0:
		return a.Fail(report.Transient, "empty_answer", "the answer (HTTP %d) is empty", a.Status)
	case a.Page() && !isForm(err):
		return a.Fail(report.Transient, "html_answer", "the answer is a web page: maintenance, or a captive portal in between (%s)", a.Shape())
	}
	return a.Fail(report.Transient, "unexpected_answer", "the answer (HTTP %d, %d bytes) is not as documented: %w", a.Status, len(a.Body), err)
}

// serverSide reports whether an error status is a problem of the server, which may come after it
// carried out the request. 499 is nginx's status for a client that did not wait.
func (a *Answer) serverSide() bool {
	const clientClosed = 499
	return a.Status >= 500 || a.Status == http.StatusRequestTimeout || a.Status == clientClosed
}

// Unclear marks err as one about an answer that reports both success and failure. Whatever its
// status, a changing call may have been carried out.
func Unclear(err error) error { return &unclearError{err} }

type unclearError struct{ error }

func (e *unclearError) Unwrap() error { return e.error }

func isUnclear(err error) bool {
	_, ok := errors.AsType[*unclearError](err)
	return ok
}
