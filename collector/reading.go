package collector

import (
	"errors"
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// partRows is how many new records one transaction takes. It bounds the memory of a first read; a part that is committed is
// as good as an answer of its own.
const partRows = 2000

// clockSlack is how far the vendor's clock may be ahead of ours.
const clockSlack = 10 * time.Minute

// reading walks through one answer. It finds the records that were not seen before, decodes these alone, and commits them.
type reading struct {
	c      *Collector
	out    *outcome
	source parser.Source
	hashes []uint64 // of every record, in the answer's order
	seen   []uint64 // what each is remembered by
	part   []report.Item
	// What this answer has brought so far: two records with one UID must not be stored in turn at every poll.
	fresh    map[uint64]bool // by what they are remembered by, as in replaced
	uids     map[uint64]bool // hashes of UIDs: the texts themselves would keep every record in memory
	replaced map[uint64]bool // contents that changes replace
	failed   error           // of the state: the rest of the answer is left for the next one
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

// split finds what is new and commits it in parts; the last part is left to finish.
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
		return nil // told by finish
	}
	return err
}

// records cuts the answer into records as they are to be stored, each with its hash and what it is remembered by. A record
// that was not seen before is searched for credentials first: what is stored is what is hashed, here and when it is read back.
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

// take decodes a record to learn its identity, and tells new from changed. Of two records with one UID in an answer the
// first that is not known yet counts.
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
		// A text that was only read in another way, with the same outcome, is unchanged.
		if known.Seen == seen || known.Hash != hash || known.Outcome != item.Outcome {
			r.out.changed++
		}
		if known.Seen != seen { // the same, if ClickHouse had lost it
			r.replaced[known.Seen] = true
		}
	} else {
		r.out.new++
	}
	r.uids[uid] = true
	r.part = append(r.part, item)
}

// finish commits the last part with the account of the request.
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

// unreadable is the failure of an answer that cannot be cut into records. Records before the fault were found all the same.
func unreadable(out *outcome, err error) *report.Failure {
	reason := "unreadable"
	if e, ok := errors.AsType[*parser.Error](err); ok {
		reason = e.Reason
	}
	return report.Fail(report.Transient, reason, "account %s: the answer for %s: %w", out.account.Name, out.window, err)
}
