package reliability_test

import (
	"slices"
	"sync"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// book knows what the collector has to hold. Of each connection that an answer told it keeps the last content that was surely
// taken in, which ClickHouse must have unless it has a later one, and the contents that may have been taken in since: those of
// answers that were cut, or behind which the process was killed or the disk failed.
//
// That an answer was taken in is known when the process goes on to its next request, or ends in good order.
type book struct {
	mu       sync.Mutex
	sessions map[simulator.Session]*told
	pending  map[string]*telling   // by account: the answer that the process is at
	whole    map[dayKey][]*telling // that told a vendor day whole
	short    map[dayKey]*telling   // the last that claimed to, and listed too few
	reads    map[string]int        // by account: whole answers taken in
}

// telling is an answer with what the collector makes of it.
type telling struct {
	simulator.Reply
	zone  *time.Location // the account's, as configured
	local time.Time      // by our clock
	taken bool           // surely taken in
}

// told is what the answers say of one session.
type told struct {
	must  *telling
	may   []*telling // since must
	first time.Time  // when it was surely taken in for the first time, by our clock
}

func newBook() *book {
	return &book{sessions: map[simulator.Session]*told{}, pending: map[string]*telling{}, whole: map[dayKey][]*telling{}, short: map[dayKey]*telling{}, reads: map[string]int{}}
}

// told records an answer that the process has read.
func (b *book) told(t *telling) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, session := range t.Sessions() {
		entry := b.sessions[session]
		if entry == nil {
			entry = &told{}
			b.sessions[session] = entry
		}
		entry.may = append(entry.may, t)
	}
	if t.Whole {
		b.pending[t.Account] = t
	}
	if key := (dayKey{t.Account, t.Day}); t.Whole && t.Short && t.Kind != report.Latest {
		b.short[key] = t
	} else if t.Whole && t.Kind != report.Latest {
		b.whole[key] = append(b.whole[key], t)
	}
}

// taken notes that the process has gone on: what account told before is taken in. Without an account all are.
func (b *book) taken(account string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, t := range b.pending {
		if account != "" && account != name {
			continue
		}
		delete(b.pending, name)
		for _, session := range t.Sessions() {
			entry := b.sessions[session]
			entry.must, entry.may = t, nil
			if entry.first.IsZero() {
				entry.first = t.local
			}
		}
		t.taken = true
		if t.Kind != report.Latest {
			b.reads[name]++
		}
	}
}

// doubt notes that nothing is known of the answers that the process is at.
func (b *book) doubt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.pending)
}

// lastWhole is the last answer that told a vendor day whole when it had ended, nil if there was none. If surely, answers that may
// not have been taken in do not count.
func (b *book) lastWhole(key dayKey, ended time.Time, surely bool) *telling {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range slices.Backward(b.whole[key]) {
		if !t.At.Before(ended) && (t.taken || !surely) {
			return t
		}
	}
	return nil
}

// surely are the sessions that an answer told, which was surely taken in, the last of them before a time by our clock.
func (b *book) surely(account string, before time.Time) map[simulator.Session]*telling {
	b.mu.Lock()
	defer b.mu.Unlock()
	sessions := map[simulator.Session]*telling{}
	for session, told := range b.sessions {
		if session.Account == account && told.must != nil && told.must.local.Before(before) {
			sessions[session] = told.must
		}
	}
	return sessions
}

// plausible reports whether the last short answer for a day, after its end, listed nearly all that other answers had listed of it.
// Nobody can know then that it was short.
func (b *book) plausible(world *simulator.World, key dayKey, ended time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.short[key]
	if t == nil || t.At.Before(ended) {
		return false
	}
	known := 0
	for session, told := range b.sessions {
		if session.Account != key.account || told.must == nil {
			continue
		}
		if world.Connection(session, &told.must.Reply, told.must.zone).LocalDay == key.day {
			known++
		}
	}
	return 5*len(t.Sessions()) >= 4*known
}

// candidates are the answers whose content of a session ClickHouse may have: the last that was surely taken in, and those since.
func (b *book) candidates(session simulator.Session) []*telling {
	b.mu.Lock()
	defer b.mu.Unlock()
	told := b.sessions[session]
	if told.must == nil {
		return slices.Clone(told.may)
	}
	return append([]*telling{told.must}, told.may...)
}
