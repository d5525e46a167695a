package collector

import (
	"maps"
	"slices"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// twin makes item the twin of a record with the same UID.
func (r *reading) twin(item *report.Item) {
	item.Twin = true
	r.out.quarantined++
	r.out.twins = append(r.out.twins, item.UID)
}

// keepReplaced turns contents into twins that this answer both replaces and still lists. They would
// be kept nowhere else, and the next poll would bring them back.
func (r *reading) keepReplaced() {
	r.again(r.replaced, func(rec report.Record, hash, seen uint64) {
		item := r.twinOf(rec, hash, seen)
		r.twin(&item)
		r.part = append(r.part, item)
	})
}

// again takes the records that are remembered by the values in wanted, each once. They were known
// and so not parsed, so it reads the answer once more. It was readable before.
func (r *reading) again(wanted map[uint64]bool, take func(rec report.Record, hash, seen uint64)) {
	if !slices.ContainsFunc(r.seen, func(seen uint64) bool { return wanted[seen] }) {
		return
	}
	_, _ = r.records(func(rec report.Record, hash, seen uint64) error {
		if wanted[seen] {
			delete(wanted, seen) // it may be listed again
			take(rec, hash, seen)
		}
		return nil
	})
}

func (r *reading) twinOf(rec report.Record, hash, seen uint64) report.Item {
	conn, _ := decode(rec, r.source)
	return report.Item{Raw: slices.Clone(rec.Raw), Charset: rec.Charset, Hash: hash, Seen: seen, UID: conn.UID, Twin: true}
}

// settleTwins compares a complete answer with the twins of earlier ones. If a UID is no longer
// listed twice, the remaining content is written again, which resolves the other one in quarantine.
// If another record of a twin's UID changed, the twin is quarantined again, because the change
// would resolve it.
func (r *reading) settleTwins() error {
	account, day := r.source.Account, r.out.day
	twins, err := r.c.store.Twins(account, day)
	if err != nil || len(twins) == 0 {
		return err
	}
	if err := r.commit(nil); err != nil { // what this answer did with their UIDs counts
		return err
	}
	listed := map[uint64]bool{}
	for _, seen := range r.seen {
		listed[seen] = true
	}
	written := func(uid string) bool { return r.uids[parser.Hash([]byte(uid))] }
	ended := map[string]bool{} // UIDs with one content less in the list that nothing has written yet
	for seen, uid := range twins {
		if !listed[seen] && !written(uid) {
			ended[uid] = true
		}
	}
	var gone []uint64 // twins
	left, repeat := map[uint64]bool{}, map[uint64]bool{}
	for seen, uid := range twins {
		known, _ := r.c.store.Lookup(account, uid)
		switch {
		case ended[uid] && !listed[seen]:
			left[known.Seen] = true
		case !listed[seen]:
		case !listed[known.Seen]:
			left[seen] = true
		case ended[uid] || written(uid):
			repeat[seen] = true
		default:
			continue
		}
		gone = append(gone, seen)
	}
	if len(gone) == 0 {
		return nil
	}
	if err := r.c.store.Forget(account, slices.Collect(maps.Keys(ended))); err != nil {
		return err
	}
	if err := r.c.store.ForgetTwins(account, day, gone); err != nil {
		return err
	}
	r.again(left, r.take)
	r.again(repeat, func(rec report.Record, hash, seen uint64) {
		r.part = append(r.part, r.twinOf(rec, hash, seen))
	})
	return nil
}

// different returns the hashes of an answer's records, one per connection.
func (r *reading) different() ([]uint64, error) {
	twins, err := r.c.store.Twins(r.source.Account, r.out.day)
	if err != nil {
		return nil, err
	}
	hashes := make([]uint64, 0, len(r.hashes))
	for i, hash := range r.hashes {
		if _, twin := twins[r.seen[i]]; !twin {
			hashes = append(hashes, hash)
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes), nil
}
