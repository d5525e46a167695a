package alpemix

import (
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// judge finds the failure in an answer: its error number, whatever the HTTP status; else the status; else its first byte.
func (f *fetch) judge(kind report.Kind, a *answer) *report.Failure {
	number, told := errorNumber(a.text, a.Cut == nil)
	body := skipSpace(a.text)
	excerpt := func() string { return vendorhttp.Excerpt(body, f.secrets) }
	switch {
	case told && number != 0:
		return f.numbered(kind, number)
	case a.Status < 200 || a.Status > 299:
		return f.refused(kind, a)
	case a.TooLarge():
		return f.fail(kind, report.Permanent, "body_too_large", "the answer is longer than %d bytes", f.cfg.MaxBody)
	case len(body) == 0 && a.Cut == nil:
		return f.fail(kind, report.Transient, "empty_answer", "the answer (HTTP %d) is empty", a.Status)
	case len(body) > 0 && body[0] == '<':
		return f.fail(kind, report.Transient, "html_answer", "the answer is a web page, not JSON: maintenance, or a captive portal in between: %q", excerpt())
	case len(body) > 0 && body[0] != '{' && kind == report.Token:
		return f.fail(kind, report.Transient, "unexpected_answer", "the answer (HTTP %d, %d bytes) is not a JSON object", a.Status, len(body))
	case len(body) > 0 && body[0] != '{':
		return f.fail(kind, report.Transient, "unexpected_answer", "the answer is not a JSON object: %q", excerpt())
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

// refused is the failure of an HTTP status without an error number. Whoever sent a 429 has counted the request.
func (f *fetch) refused(kind report.Kind, a *answer) *report.Failure {
	fail := a.Refused()
	if fail.Class == report.Throttle {
		if earliest := f.exhaust(kind); fail.NotBefore.Before(earliest) {
			fail.NotBefore = earliest
		}
	}
	return fail
}
