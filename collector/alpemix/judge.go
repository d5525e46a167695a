package alpemix

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"alpemix-collector/report"
)

// retryAfterMost bounds what a proxy may ask us to wait.
const retryAfterMost = time.Hour

// judge finds the failure in an answer: its error number, whatever the HTTP status; else the status; else its first byte.
func (f *fetch) judge(kind report.Kind, a *answer) *report.Failure {
	number, told := errorNumber(a.body, a.cut == nil)
	body := bytes.TrimLeft(bytes.TrimPrefix(a.body, bom), " \t\r\n")
	switch {
	case told && number != 0:
		return f.numbered(kind, number)
	case a.status < 200 || a.status > 299:
		return f.refused(kind, a)
	case a.tooLarge():
		return f.fail(kind, report.Permanent, "body_too_large", "the answer is longer than %d bytes", f.cfg.MaxBody)
	case len(body) == 0 && a.cut == nil:
		return f.fail(kind, report.Transient, "empty_answer", "the answer (HTTP %d) is empty", a.status)
	case len(body) > 0 && body[0] == '<':
		return f.fail(kind, report.Transient, "html_answer", "the answer is a web page, not JSON: maintenance, or a captive portal in between: %q", f.excerpt(body))
	case len(body) > 0 && body[0] != '{' && kind == report.Token:
		return f.fail(kind, report.Transient, "unexpected_answer", "the answer (HTTP %d, %d bytes) is not a JSON object", a.status, len(body))
	case len(body) > 0 && body[0] != '{':
		return f.fail(kind, report.Transient, "unexpected_answer", "the answer is not a JSON object: %q", f.excerpt(body))
	}
	return nil
}

// numbered is the failure of an error number.
func (f *fetch) numbered(kind report.Kind, number int) *report.Failure {
	known, ok := numbers[number]
	if !ok {
		known.class, known.reason, known.text = report.Transient, "unknown_error", "the vendor answered an error number that its document does not know; please report it"
	}
	fail := f.fail(kind, known.class, known.reason, "error %d: %s", number, known.text)
	fail.Code = number
	switch number {
	case blockedNumber:
		fail.NotBefore = f.block()
	case limitNumber:
		fail.NotBefore = f.exhaust(report.Today)
	}
	return fail
}

// exhaust records that the vendor has counted more requests of a kind than we know of, and returns when a window has passed.
// An error of the ledger is met again by the next Reserve; until then the memory holds it.
func (f *fetch) exhaust(kind report.Kind) time.Time {
	counted, limit := f.counted(kind)
	now := time.Now()
	_ = f.ledger.Exhaust(f.cfg.Limits.Scope, counted, limit, now)
	return now.Add(f.window())
}

// refused is the failure of an HTTP status without an error number: it need not come from the vendor at all.
func (f *fetch) refused(kind report.Kind, a *answer) *report.Failure {
	fail := func(class report.Class, reason, what string) *report.Failure {
		return f.fail(kind, class, reason, "HTTP %d %s: %s", a.status, http.StatusText(a.status), what)
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		too := fail(report.Throttle, "http_429", "too many requests")
		too.NotBefore = f.exhaust(kind)
		if after := retryAfter(a.header); after > f.window() {
			too.NotBefore = time.Now().Add(after)
		}
		return too
	case a.status == http.StatusProxyAuthRequired:
		return fail(report.Permanent, "proxy_auth", "the proxy wants a user and password: give them in HTTPS_PROXY")
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return fail(report.Permanent, "http_"+strconv.Itoa(a.status), "refused before the API was reached: a firewall in front of the vendor, or a proxy")
	case a.status >= 300 && a.status < 400:
		return fail(report.Permanent, "redirect", "redirects are not followed, or the secret key would go elsewhere: is alpemix.endpoint right?")
	case a.status == http.StatusRequestTimeout, a.status >= 500:
		return fail(report.Transient, "http_5xx", "the vendor's server or a proxy in front of it is in trouble")
	}
	return fail(report.Permanent, "http_4xx", "is alpemix.endpoint right?")
}

// retryAfter reads the seconds of a Retry-After header, 0 for none.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 1<<20))*time.Second, retryAfterMost)
}

// excerpt is the beginning of a body, for an error. Secrets go before it is cut, or half of one could stay.
func (f *fetch) excerpt(body []byte) string {
	const most = 80
	s := redact(strings.ToValidUTF8(string(body[:min(len(body), 4096)]), "?"), f.secrets)
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
