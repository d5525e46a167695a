package importer

import (
	"context"
	"io"

	"github.com/cespare/xxhash/v2"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// uids are the uids of one report, as hashes, because a report may have a million.
type uids struct {
	met   map[uint64]struct{}
	twice map[uint64]struct{}
}

func newUIDs() *uids {
	return &uids{met: map[uint64]struct{}{}, twice: map[uint64]struct{}{}}
}

// meet notes a uid and reports whether it is the first of its name.
func (u *uids) meet(uid string) (first bool) {
	hash := xxhash.Sum64String(uid)
	if _, met := u.met[hash]; met {
		u.twice[hash] = struct{}{}
		return false
	}
	u.met[hash] = struct{}{}
	return true
}

// twins reads the report once more, where uids have come twice: of each the first record is stored, and
// what differs from it goes to the quarantine.
func (in *Reading) twins(ctx context.Context, open func() (io.ReadCloser, error), u *uids, n *Counts) error {
	u.met = nil
	rejects := &rejectParts{quarantine: in.Quarantine, count: n.Rejects}
	kept := map[uint64]map[uint64]bool{} // of each uid the hashes of its texts
	var failed error
	_ = in.records(open, func(rec report.Record) error { // what is wrong with the report is known
		if failed = ctx.Err(); failed != nil {
			return failed
		}
		c, reject := parser.Parse(rec, in.Source)
		if reject != nil {
			return nil
		}
		uid := xxhash.Sum64String(c.UID)
		if _, twice := u.twice[uid]; !twice {
			return nil
		}
		texts := kept[uid]
		switch {
		case texts == nil:
			kept[uid] = map[uint64]bool{c.Hash: true}
		case texts[c.Hash]:
			n.Unchanged++
		default:
			texts[c.Hash] = true
			failed = rejects.add(parser.Twin(&c))
		}
		return failed
	})
	if failed != nil {
		return failed
	}
	return rejects.flush()
}

// rejectParts hands records to the quarantine in parts.
type rejectParts struct {
	quarantine func([]report.Reject) error
	count      map[string]int // by reason
	part       []report.Reject
	bytes      int
}

func (p *rejectParts) add(r *report.Reject) error {
	p.count[r.Reason]++
	p.part = append(p.part, *r)
	if p.bytes += len(r.Raw); len(p.part) < rejectRows && p.bytes <= rejectBytes {
		return nil
	}
	return p.flush()
}

func (p *rejectParts) flush() error {
	if len(p.part) == 0 {
		return nil
	}
	err := p.quarantine(p.part)
	p.part, p.bytes = p.part[:0], 0
	return err
}
