package collector

import (
	"slices"

	"alpemix-collector/report"
)

// twin makes item the twin of a record with the same UID.
func (r *reading) twin(item *report.Item) {
	item.Twin = true
	r.out.quarantined++
	r.out.twins = append(r.out.twins, item.UID)
}

// keepReplaced makes contents twins that this answer both replaces and still lists. They would be kept
// nowhere else, and the next poll would bring them back.
func (r *reading) keepReplaced() {
	if !slices.ContainsFunc(r.seen, func(seen uint64) bool { return r.replaced[seen] }) {
		return
	}
	// They were not decoded, so the answer is read once more. It was readable so far.
	_, _ = r.records(func(rec report.Record, hash, seen uint64) error {
		if !r.replaced[seen] {
			return nil
		}
		delete(r.replaced, seen) // it may be listed again
		conn, _ := decode(rec, r.source)
		item := report.Item{Raw: slices.Clone(rec.Raw), Charset: rec.Charset, Hash: hash, Seen: seen, UID: conn.UID}
		r.twin(&item)
		r.part = append(r.part, item)
		return nil
	})
}

// settleTwins ends what earlier answers have left open, once a whole answer lists a UID no longer twice:
// the content that is left is written again, which settles the other in the quarantine.
func (r *reading) settleTwins() error {
	account, day := r.source.Account, r.out.day
	twins, err := r.c.store.Twins(account, day)
	if err != nil || len(twins) == 0 {
		return err
	}
	listed, stay := map[uint64]bool{}, map[string]bool{}
	for _, seen := range r.seen {
		listed[seen] = true
	}
	var gone []uint64
	ended := map[string]bool{}
	for seen, uid := range twins {
		known, _ := r.c.store.Lookup(account, uid)
		switch {
		case listed[seen] && listed[known.Seen]:
			stay[uid] = true
		case listed[seen]: // alone, so that the next answer makes it the content
			gone = append(gone, seen)
			stay[uid] = true
		default:
			gone = append(gone, seen)
			ended[uid] = true
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var uids []string
	for uid := range ended {
		if !stay[uid] {
			uids = append(uids, uid)
		}
	}
	if err := r.c.store.Forget(account, uids); err != nil {
		return err
	}
	return r.c.store.ForgetTwins(account, day, gone)
}
