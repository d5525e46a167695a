package collector

import (
	"errors"
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// partRows is how many new records one transaction commits. It limits the memory of a first read; a
// committed part is as good as an answer of its own.
const partRows = 2000

// clockSlack is how far the vendor's clock may be ahead of ours.
const clockSlack = 10 * time.Minute

// reading processes one answer. It finds the records that were not seen before, parses only these,
// and commits them.
type reading struct {
	c      *Collector
	out    *outcome
	source parser.Source
	hashes []uint64 // of every record, in the answer's order
	seen   []uint64 // the values that they are remembered by
	part   []report.Item
	// The new records of this answer, so that two records with one UID do not replace each other at
	// every poll.
	fresh    map[uint64]bool // by the value that they are remembered by, like replaced
	uids     map[uint64]bool // hashes of UIDs, because the texts would keep every record in memory
	replaced map[uint64]bool // contents that changes replace
	failed   error           // an error of the state file; the rest of the answer is left for the next one
}

func newReading(c *Collector, out *outcome) *reading {
	out.tally = parser.Tally{}
	return &reading{
		c: c, out: out,
		source:   parser.Source{Account: out.account.Name, Location: out.account.Location, FetchedAt: out.body.FetchedAt, Tally: out.tally},
		fresh:    map[uint64]bool{},
		uids:     map[uint64]bool{},
		replaced: map[uint64]bool{},
	}
}

// split finds what is new and commits it in parts. finish commits the last part.
func (r *reading) split() error {
	for quirk, n := range r.out.body.Quirks {
		r.out.tally[quirk] += n
	}
	summary, err := r.records(func(rec report.Record, hash, seen uint64) error {
		r.hashes, r.seen = append(r.hashes, hash), append(r.seen, seen)
		r.out.rows++
		if r.out.overlaps = r.c.store.Seen(r.out.account.Name, seen); r.out.overlaps || r.fresh[seen] {
			return nil
		}
		r.take(rec, hash, seen)
		if len(r.part) < partRows {
			return nil
		}
		r.failed = r.commit(nil)
		return r.failed
	})
	for quirk, n := range summary.Quirks {
		r.out.tally[quirk] += n
	}
	if r.failed != nil {
		return nil // finish returns r.failed
	}
	return err
}

// records splits the answer into records as they are stored, each with its hash and the value it is
// remembered by. It removes credentials from records that were not seen before, so that the same
// bytes are hashed here and when they are read back.
func (r *reading) records(yield func(rec report.Record, hash, seen uint64) error) (parser.Summary, error) {
	body := &r.out.body
	return parser.SplitStream(body.Content.Open, body.ContentType, func(rec report.Record) error {
		hash := parser.Hash(rec.Raw)
		seen := parser.Seen(rec, hash)
		if body.Redact != nil && !r.c.store.Seen(r.source.Account, seen) {
			rec.Raw = body.Redact(rec.Raw)
			hash = parser.Hash(rec.Raw)
			seen = parser.Seen(rec, hash)
		}
		return yield(rec, hash, seen)
	})
}

// take parses a record to learn its identity, and distinguishes new from changed. Of two records
// with one UID in an answer, the first unknown one counts.
func (r *reading) take(rec report.Record, hash, seen uint64) {
	conn, reject := decode(rec, r.source)
	item := report.Item{
		Raw: slices.Clone(rec.Raw), Charset: rec.Charset, Hash: hash, Seen: seen, Outcome: parser.Outcome(&conn),
		UID: conn.UID, StartedAt: conn.StartedAt, Duration: conn.Duration, LocalDay: conn.LocalDay,
	}
	r.out.fresh++
	r.fresh[seen] = true
	if ahead := conn.StartedAt.Sub(r.source.FetchedAt); ahead > clockSlack {
		r.out.ahead = max(r.out.ahead, ahead)
	}
	uid := parser.Hash([]byte(item.UID))
	if reject != nil {
		item.UID, uid = "", 0
		r.out.quarantined++
	} else if r.uids[uid] {
		r.twin(&item)
	} else if known, ok := r.c.store.Lookup(r.source.Account, item.UID); ok {
		// A text that was only parsed differently, with the same outcome, is unchanged.
		if known.Seen == seen || known.Hash != hash || known.Outcome != item.Outcome {
			r.out.changed++
		}
		if known.Seen != seen { // it is the same if ClickHouse had lost it
			r.replaced[known.Seen] = true
		}
	} else {
		r.out.new++
	}
	r.uids[uid] = true
	r.part = append(r.part, item)
}

// finish commits the last part with the request's rows for fetches.
func (r *reading) finish() error {
	if r.failed != nil {
		return r.failed
	}
	r.keepReplaced()
	if r.out.failure == nil && r.out.window.Whole() {
		if err := r.settleTwins(); err != nil {
			return err
		}
	}
	return r.commit(r.out.fetches())
}

func (r *reading) commit(fetches []report.Fetch) error {
	err := r.c.store.Commit(report.Observation{
		Account: r.source.Account, Timezone: r.source.Location.String(), Day: r.out.day, FetchedAt: r.source.FetchedAt,
		Items: r.part, Fetches: fetches,
	})
	if err != nil {
		return err
	}
	if len(r.part) > 0 {
		pacing.Nudge(r.c.drain.wake)
	}
	r.part = r.part[:0]
	return nil
}

// unreadable returns the failure of an answer that cannot be split into records. Records before the
// fault were found anyway.
func unreadable(out *outcome, err error) *report.Failure {
	reason := "unreadable"
	if e, ok := errors.AsType[*parser.Error](err); ok {
		reason = e.Reason
	}
	return report.Fail(report.Transient, reason, "account %s: the answer for %s: %w", out.account.Name, out.window, err)
}
