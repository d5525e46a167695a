package collector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// parse is a variable so that a test can count calls and make it fail.
var parse = parser.Parse

// decode parses a record. If the parser panics, the record is rejected like any other unreadable
// one, so that its neighbors are still stored.
func decode(rec report.Record, src parser.Source) (conn report.Connection, reject *report.Reject) {
	defer func() {
		if r := recover(); r != nil {
			conn, reject = report.Connection{}, &report.Reject{
				Vendor: parser.Vendor, Account: src.Account, Reason: "defect", Detail: fmt.Sprintf("a defect in the parser: %v; please report it with the record", r),
				Raw: string(rec.Raw), Hash: parser.Hash(rec.Raw), At: src.FetchedAt,
			}
		}
	}()
	return parse(rec, src)
}

// outcome is everything that one cycle did. observe reads it for metrics and logs.
type outcome struct {
	job
	body        report.Body
	failure     *report.Failure
	rows        int // records in the answer
	fresh       int // records that were decoded because they were not known before
	new         int
	changed     int
	quarantined int
	twins       []string // new UIDs that the answer lists several times with different content
	overlaps    bool     // the oldest record of the answer was known before
	tally       parser.Tally
	ahead       time.Duration // how far in the future the newest connection starts; 0 if plausible
	doubt       string        // why a complete answer may not describe its day; empty if there is no doubt
	accepted    bool          // used in spite of the doubt, because there is hardly time to ask again
}

// read sends the request, finds what is new in its answer and commits it.
func (c *Collector) read(ctx context.Context, out *outcome) {
	a := out.account
	body, err := a.Fetcher.Fetch(ctx, out.window)
	out.body = body
	if err != nil {
		out.failure = report.AsFailure(err)
	}
	if len(body.Requests) == 0 {
		return // the limits forbade it, so nothing happened
	}
	r := newReading(c, out)
	if body.Content != nil {
		defer func() { _ = body.Content.Close() }() // opened for reading only
		if err := r.split(); err != nil && out.failure == nil {
			out.failure = unreadable(out, err)
		}
	}
	err = r.finish()
	if err == nil && out.failure == nil {
		err = r.consider()
	}
	if err != nil {
		// What was not committed is not marked as seen, so the next answer brings it again.
		out.failure = report.Fail(report.Local, "state", "account %s: an answer could not be recorded; it is requested again: %w", a.Name, err)
	}
}

// consider evaluates what a complete answer says of its day.
func (r *reading) consider() error {
	switch r.out.window.Kind {
	case report.Yesterday:
		return r.c.considerSeal(r)
	case report.Today:
		return r.c.considerToday(r)
	}
	return nil
}

// held reports whether nothing failed except that our own count of the vendor's limits, or a block,
// ended the cycle early. If the vendor itself reports a limit, that is a failure.
func (out *outcome) held() bool {
	f := out.failure
	return f != nil && (f.Reason == report.OwnLimit || f.Class == report.Blocked && len(out.body.Requests) == 0)
}

// fetches returns the rows of the cycle's requests for the table fetches. The last one is the
// report's, with its counts, unless the cycle stopped before. A report that arrived and could not
// be split into records counts as its failure.
func (out *outcome) fetches() []report.Fetch {
	all := slices.Clone(out.body.Requests)
	if last := len(all) - 1; last >= 0 && all[last].Job == string(out.window.Kind) {
		all[last].Rows, all[last].New, all[last].Changed = uint64(out.rows), uint64(out.new), uint64(out.changed)
		all[last].Quarantined = uint64(out.quarantined)
		if out.failure != nil && all[last].Outcome == "ok" && !out.held() {
			all[last].Outcome, all[last].Code = out.failure.Reason, out.failure.Code
		}
	}
	return all
}
