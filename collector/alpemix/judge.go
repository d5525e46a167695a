package alpemix

import (
	"errors"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// judge returns the failure in an answer: its error number, whatever the HTTP status; otherwise the
// status; otherwise what its envelope lacks. An unexpected answer is described by its keys and
// types, because it may hold a secret.
func (f *fetch) judge(kind report.Kind, a *answer) *report.Failure {
	env := &a.envelope
	spill, _ := errors.AsType[*vendorhttp.SpillError](a.Cut)
	fail := func(reason, format string, args ...any) *report.Failure {
		return f.fail(kind, report.Transient, reason, format, args...)
	}
	switch {
	case env.ErrorNumber != 0:
		return f.numbered(kind, env.ErrorNumber)
	case a.Status < 200 || a.Status > 299:
		return f.refused(kind, a)
	case spill != nil:
		return f.fail(kind, report.Local, "state", "%w", spill)
	case a.TooLarge():
		return f.fail(kind, report.Permanent, "body_too_large", "the answer is longer than %d MiB; its records up to there were read; raise alpemix.max_answer_mib", f.cfg.MaxBody>>20)
	case a.Cut != nil:
		return fail("body_cut", "%s ended early, after %d bytes: %w", nameOf(kind), a.Size(), a.Cut)
	case env.Unread != nil:
		return f.unread(kind, a)
	case env.NoNumber != nil:
		return fail(env.NoNumber.Reason, "the answer (HTTP %d, %d bytes): its errornumber is no whole number: %w", a.Status, a.Size(), env.NoNumber)
	case kind == report.Token && env.Token == "":
		return fail("unexpected_answer", "the answer (HTTP %d, %d bytes) holds no accesstoken, but %s", a.Status, a.Size(), env.Shape)
	case kind != report.Token && env.Report != nil:
		return fail(env.Report.Reason, "the answer (HTTP %d, %d bytes): %w", a.Status, a.Size(), env.Report)
	}
	return nil
}

// unread returns the failure of an answer that arrived completely and is not a complete document.
func (f *fetch) unread(kind report.Kind, a *answer) *report.Failure {
	fail := func(reason, format string, args ...any) *report.Failure {
		return f.fail(kind, report.Transient, reason, format, args...)
	}
	switch a.envelope.Unread.Reason {
	case parser.EmptyBody:
		return fail("empty_answer", "the answer (HTTP %d) is empty", a.Status)
	case parser.HTML:
		return fail("html_answer", "the answer is a web page, not JSON: maintenance, or a captive portal in between (%s)", a.Shape())
	case parser.Truncated:
		if a.Length > 0 && a.Length == a.Size() {
			return fail(parser.Truncated, "the answer ends within a record, after the %d bytes of its Content-Length: does the vendor count "+
				"characters there instead of bytes? The oldest connections are missing; those before them are read", a.Length)
		}
		return fail(parser.Truncated, "%s ended early, after %d bytes", nameOf(kind), a.Size())
	case parser.WrongTopLevel:
		return fail("unexpected_answer", "the answer is not a JSON object (%s)", a.Shape())
	}
	return fail("unexpected_answer", "the answer (HTTP %d, %d bytes): %w", a.Status, a.Size(), a.envelope.Unread)
}

func nameOf(kind report.Kind) string {
	if kind == report.Token {
		return "the answer with the token"
	}
	return "the report"
}

// numbered returns the failure of an error number.
func (f *fetch) numbered(kind report.Kind, number int) *report.Failure {
	known, ok := numbers[number]
	if !ok {
		known.class, known.reason, known.text = report.Transient, "unknown_error", "the vendor answered an error number that is not in its document; please report it"
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

// exhaust records that the vendor has counted more requests of a kind than we know of, and returns
// when a window has passed. The next Reserve reports an error of the ledger again; until then it is
// in memory.
func (f *fetch) exhaust(kind report.Kind) time.Time {
	counted, limit := f.counted(kind)
	now := time.Now()
	_ = f.ledger.Exhaust(f.cfg.Limits.Scope, counted, limit, now)
	return now.Add(f.window())
}

// refused returns the failure of an HTTP status without an error number. A server that sends 429
// has counted the request.
func (f *fetch) refused(kind report.Kind, a *answer) *report.Failure {
	fail := a.Refused()
	if fail.Class == report.Throttle {
		if earliest := f.exhaust(kind); fail.NotBefore.Before(earliest) {
			fail.NotBefore = earliest
		}
	}
	return fail
}
