package collector

import (
	"context"
	"errors"
	"slices"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// parse decodes a record; a variable so that a test can count.
var parse = parser.Parse

// outcome is all that one cycle did. observe is its only reader for metrics and logs.
type outcome struct {
	job
	body        report.Body
	failure     *report.Failure
	rows        int // records in the answer
	fresh       int // of these, not known before: new + changed + quarantined + shadowed
	new         int
	changed     int
	quarantined int
	overlaps    bool // the oldest record of the answer was known before
	tally       parser.Tally
	doubt       string // why a complete answer for yesterday does not seal that day, empty if it may
}

// read makes the request, finds what is new in its answer and commits it.
func (c *Collector) read(ctx context.Context, out *outcome) {
	a := out.account
	body, err := a.Fetcher.Fetch(ctx, out.window)
	out.body = body
	if err != nil {
		out.failure = report.AsFailure(err)
	}
	if len(body.Sent) == 0 {
		return // the limits forbade it: nothing happened
	}
	seen := newReading(c, a, body)
	if len(body.Bytes) > 0 {
		if err := seen.split(); err != nil && out.failure == nil {
			out.failure = unreadable(out, err)
		}
	}
	items := seen.items()
	observation := report.Observation{
		Account: a.Name, Timezone: a.Location.String(), Day: out.day, FetchedAt: body.FetchedAt, Items: items,
		Days: c.grownDay(out, seen.new),
	}
	out.rows, out.fresh, out.overlaps = len(seen.hashes), len(items), seen.overlaps
	out.new, out.changed, out.quarantined, out.tally = seen.new, seen.changed, seen.rejected, seen.source.Tally
	fetch := out.fetch()
	observation.Fetch = &fetch
	if err := c.store.Commit(observation); err != nil {
		// Nothing was marked as seen, so the next answer brings it again.
		out.failure = report.Fail(report.Local, "state", "account %s: an answer could not be recorded, it is asked for again: %w", a.Name, err)
		return
	}
	if len(items) > 0 {
		nudge(c.drain.wake)
	}
	if out.failure == nil && out.window.Kind == report.Yesterday {
		out.doubt = c.considerSeal(out, seen.hashes)
	}
}

// unreadable is the failure of an answer that cannot be cut into records. Records before the fault were found all the same.
func unreadable(out *outcome, err error) *report.Failure {
	reason := "unreadable"
	if e, ok := errors.AsType[*parser.Error](err); ok {
		reason = e.Reason
	}
	return report.Fail(report.Transient, reason, "account %s: the answer for %s: %w", out.account.Name, out.window, err)
}

// reading walks through one answer.
type reading struct {
	c        *Collector
	a        *account
	body     report.Body
	source   parser.Source
	hashes   []uint64 // of every record, in the answer's order
	fresh    []report.Item
	new      int
	changed  int
	rejected int
	overlaps bool
}

func newReading(c *Collector, a *account, body report.Body) *reading {
	return &reading{c: c, a: a, body: body, source: parser.Source{
		Account: a.Name, Location: a.Location, FetchedAt: body.FetchedAt, Tally: parser.Tally{},
	}}
}

// split finds the records that were not seen before. Only these are decoded, to learn their identity.
func (r *reading) split() error {
	summary, err := parser.Split(r.body.Bytes, r.body.ContentType, func(rec report.Record) error {
		hash := parser.Hash(rec.Raw)
		r.hashes = append(r.hashes, hash)
		if r.overlaps = r.c.store.Seen(r.a.Name, hash); r.overlaps {
			return nil
		}
		conn, reject := parse(rec, r.source)
		item := report.Item{Raw: slices.Clone(rec.Raw), Literal: rec.Literal, Hash: hash}
		if reject == nil {
			item.UID, item.StartedAt, item.Duration, item.LocalDay = conn.UID, conn.StartedAt, conn.Duration, conn.LocalDay
		} else {
			r.rejected++
		}
		r.fresh = append(r.fresh, item)
		return nil
	})
	for quirk, n := range summary.Quirks {
		r.source.Tally[quirk] += n
	}
	return err
}

// items tells new from changed, and marks the records that another one of the same answer shadows: of two with one UID the
// known one counts, else the first, or each poll would store them in turn for ever.
func (r *reading) items() []report.Item {
	taken := make(map[string]bool, len(r.fresh))
	changes := map[uint64]*report.Item{} // by the hash that they would replace
	for i := range r.fresh {
		item := &r.fresh[i]
		known, ok := r.c.store.Lookup(r.a.Name, item.UID)
		switch {
		case item.UID == "":
		case taken[item.UID]:
			item.Shadowed = true
		case ok:
			changes[known.Hash] = item
		default:
			r.new++
		}
		taken[item.UID] = true
	}
	if len(changes) > 0 {
		for _, hash := range r.hashes {
			if item := changes[hash]; item != nil {
				item.Shadowed = true
			}
		}
	}
	for _, item := range changes {
		if !item.Shadowed {
			r.changed++
		}
	}
	if shadowed := len(r.fresh) - r.new - r.changed - r.rejected; shadowed > 0 {
		r.source.Tally[quirkSameUID] += shadowed
	}
	return r.fresh
}

// quirkSameUID is counted when one answer lists a UID twice with different content; a row of the parser's quirk table.
const quirkSameUID = "same_uid"

// fetch is the cycle's row in the table fetches.
func (out *outcome) fetch() report.Fetch {
	f := report.Fetch{
		At: out.body.AskedAt, Vendor: "alpemix", Account: out.account.Name, Job: string(out.window.Kind), Outcome: "ok",
		Rows: uint64(out.rows), New: uint64(out.new), Changed: uint64(out.changed), Quarantined: uint64(out.quarantined),
		Bytes: uint64(len(out.body.Bytes)), Seconds: out.body.FetchedAt.Sub(out.body.AskedAt).Seconds(),
	}
	if out.failure != nil {
		f.Outcome, f.Code = out.failure.Reason, out.failure.Code
	}
	if f.At.IsZero() {
		f.At = time.Now()
	}
	return f
}
