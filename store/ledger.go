package store

import (
	"slices"
	"time"
)

// countsFor is how long after sending the vendor may still count a request whose answer never came.
const countsFor = 30 * time.Second

// scope is the ledger of requests that the vendor counts together. Its times have the monotonic
// clock, so setting the wall clock while the process runs changes nothing.
type scope struct {
	requests     []request
	blockedUntil time.Time
	blockedFor   time.Duration // length of the last block; 0 if none since the last success
	changes      int           // number of changes, so that changes during a transaction are not taken for saved
	savedAt      int           // value of changes at the last save
}

// request takes up a slot of the vendor's window from when it is sent until a window after the
// vendor may last have counted it.
type request struct {
	id    uint64
	kind  string
	sent  time.Time
	ended time.Time // when the vendor may last have counted it; meaningless while running
	state requestState
}

type requestState string

const (
	running requestState = "running"
	done    requestState = "answered"
	lost    requestState = "lost" // no answer came
)

// occupied returns how many requests of kind count at now, and when those that are done stop
// counting.
func (sc *scope) occupied(kind string, window time.Duration, now time.Time) (n int, ends []time.Time) {
	for _, r := range sc.requests {
		if r.kind != kind {
			continue
		}
		end := r.ended.Add(window)
		if r.state == running {
			end = now.Add(window) // at the least
		}
		if end.After(now) {
			n++
			ends = append(ends, end)
		}
	}
	return n, ends
}

// forget deletes the requests of kind that no longer count.
func (sc *scope) forget(kind string, window time.Duration, now time.Time) {
	sc.requests = slices.DeleteFunc(sc.requests, func(r request) bool {
		return r.kind == kind && r.state != running && !r.ended.Add(window).After(now)
	})
}

func (s *Store) scope(name string) *scope {
	sc := s.scopes[name]
	if sc == nil {
		sc = &scope{}
		s.scopes[name] = sc
	}
	return sc
}

// Reserve stores that a request of kind is about to be sent, unless limit requests of that kind
// already occupy the window in scope. Then it returns the earliest time at which one may be free. A
// running request occupies the window, and so does one that is done for less than window.
func (s *Store) Reserve(scopeName, kind string, limit int, window time.Duration, now time.Time) (id uint64, notBefore time.Time, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	sc := s.scope(scopeName)
	sc.forget(kind, window, now)
	if n, ends := sc.occupied(kind, window, now); n >= limit {
		s.mu.Unlock()
		slices.SortFunc(ends, time.Time.Compare)
		return 0, ends[n-limit], nil
	}
	s.requestID++
	id = s.requestID
	sc.requests = append(sc.requests, request{id: id, kind: kind, sent: now, state: running})
	sc.changes++
	s.mu.Unlock()
	if err := s.updateLocked(nil); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		sc.requests = slices.DeleteFunc(sc.requests, func(r request) bool { return r.id == id })
		sc.changes++
		return 0, time.Time{}, err
	}
	return id, time.Time{}, nil
}

// Settle records that request id is done. Without an answer, the vendor may still count it for a
// while. It is written with the next transaction: after a crash before that, the request counts as
// running, which is the safe assumption.
func (s *Store) Settle(scopeName string, id uint64, answered bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.scope(scopeName)
	for i := range sc.requests {
		r := &sc.requests[i]
		if r.id != id {
			continue
		}
		r.state, r.ended = done, now
		if may := r.sent.Add(countsFor); !answered && may.After(now) {
			r.state, r.ended = lost, may
		}
		sc.changes++
	}
}

// Exhaust stores that the vendor counts limit requests of kind in scope at now, so a whole window
// has to pass. It applies to this process even if it could not be written.
func (s *Store) Exhaust(scopeName, kind string, limit int, now time.Time) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	sc := s.scope(scopeName)
	sc.requests = slices.DeleteFunc(sc.requests, func(r request) bool { return r.kind == kind && r.state == done })
	for range limit {
		sc.requests = append(sc.requests, request{kind: kind, sent: now, ended: now, state: done})
	}
	sc.changes++
	s.mu.Unlock()
	return s.updateLocked(nil)
}

// Remaining returns how many requests of kind could be sent in scope at now.
func (s *Store) Remaining(scopeName, kind string, limit int, window time.Duration, now time.Time) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sc := s.scopes[scopeName]
	if sc == nil {
		return limit
	}
	n, _ := sc.occupied(kind, window, now)
	return max(limit-n, 0)
}

// Block returns until when the vendor blocks scope, zero if it never did, and the length of that
// wait, 0 after a success.
func (s *Store) Block(scopeName string) (until time.Time, wait time.Duration) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if sc := s.scopes[scopeName]; sc != nil {
		return sc.blockedUntil, sc.blockedFor
	}
	return time.Time{}, 0
}

// SetBlock stores that scope is blocked until a time, which is wait from now. A zero wait ends the
// block. It applies to this process even if it could not be written.
func (s *Store) SetBlock(scopeName string, until time.Time, wait time.Duration) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	sc := s.scope(scopeName)
	sc.blockedUntil, sc.blockedFor = until, wait
	sc.changes++
	s.mu.Unlock()
	return s.updateLocked(nil)
}

// Token returns the account's stored token and when it was requested. It is empty unless it was got
// with the credentials whose fingerprint is key.
func (s *Store) Token(account, key string) (value string, askedAt time.Time) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.tokens[account]; t.key == key {
		return t.value, t.askedAt
	}
	return "", time.Time{}
}

// SetToken stores the account's token; an empty value deletes it.
func (s *Store) SetToken(account, key, value string, askedAt time.Time) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	t := token{value: value, key: key, askedAt: askedAt}
	if err := s.updateLocked(putToken(account, t)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[account] = t
	return nil
}
