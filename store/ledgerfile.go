package store

import (
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"
)

// token is an account's access token. Only the file's owner can read the file.
type token struct {
	value, key string
	askedAt    time.Time
}

// The records of ledger and tokens on disk. The JSON names are part of the file format; times are
// wall-clock times.
type (
	scopeRecord struct {
		Boot         string          `json:"boot,omitempty"` // the machine's start that the since_boot times refer to
		Requests     []requestRecord `json:"requests,omitempty"`
		BlockedUntil time.Time       `json:"blocked_until,omitzero"`
		BlockedFor   time.Duration   `json:"blocked_for,omitempty"` // nanoseconds
		BlockedBoot  time.Duration   `json:"blocked_until_since_boot,omitempty"`
	}
	requestRecord struct {
		Kind  string       `json:"kind"`
		Sent  time.Time    `json:"sent"`
		Ended time.Time    `json:"ended,omitzero"`
		State requestState `json:"state"`
		// The same since the machine's start, in nanoseconds, because the wall clock may be set
		// before they are read.
		SentBoot  time.Duration `json:"sent_since_boot,omitempty"`
		EndedBoot time.Duration `json:"ended_since_boot,omitempty"`
	}
	tokenRecord struct {
		Value   string    `json:"value"`
		Key     string    `json:"key"`
		AskedAt time.Time `json:"asked_at"`
	}
)

// unsavedScope is a scope's record and its number of changes.
type unsavedScope struct {
	record  scopeRecord
	changes int
}

// unsavedScopes returns the scopes that changed since they were last written. The caller holds mu.
func (s *Store) unsavedScopes() map[string]unsavedScope {
	var unsaved map[string]unsavedScope
	now := time.Now()
	boot, since := s.machine.Boot()
	sinceBoot := func(t time.Time) time.Duration {
		if boot == "" || t.IsZero() {
			return 0
		}
		return since - now.Sub(t)
	}
	for name, sc := range s.scopes {
		if sc.changes == sc.savedAt {
			continue
		}
		if unsaved == nil {
			unsaved = map[string]unsavedScope{}
		}
		rec := scopeRecord{Boot: boot, BlockedUntil: sc.blockedUntil, BlockedFor: sc.blockedFor, BlockedBoot: sinceBoot(sc.blockedUntil)}
		for _, r := range sc.requests {
			rec.Requests = append(rec.Requests, requestRecord{
				Kind: r.kind, Sent: r.sent, Ended: r.ended, State: r.state, SentBoot: sinceBoot(r.sent), EndedBoot: sinceBoot(r.ended),
			})
		}
		unsaved[name] = unsavedScope{rec, sc.changes}
	}
	return unsaved
}

// markSaved records what a transaction has written. The caller holds mu.
func (s *Store) markSaved(ledger map[string]unsavedScope) {
	for name, u := range ledger {
		s.scopes[name].savedAt = u.changes
	}
}

func putLedger(tx *bolt.Tx, ledger map[string]unsavedScope) error {
	for name, u := range ledger {
		v, err := json.Marshal(u.record)
		if err != nil {
			return err
		}
		if err := tx.Bucket(ledgerBucket).Put([]byte(name), v); err != nil {
			return err
		}
	}
	return nil
}

func putToken(account string, t token) func(*bolt.Tx) error {
	return func(tx *bolt.Tx) error {
		if t.value == "" {
			return tx.Bucket(tokensBucket).Delete([]byte(account))
		}
		v, err := json.Marshal(tokenRecord{Value: t.value, Key: t.key, AskedAt: t.askedAt})
		if err != nil {
			return err
		}
		return tx.Bucket(tokensBucket).Put([]byte(account), v)
	}
}

// loadLedger loads ledger and tokens as of start.
func (s *Store) loadLedger(tx *bolt.Tx, start time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := tx.Bucket(ledgerBucket).ForEach(func(name, v []byte) error {
		var rec scopeRecord
		if err := json.Unmarshal(v, &rec); err != nil {
			return err
		}
		rec.setClock(start, s.machine.Boot)
		s.scopes[string(name)] = rec.scope(start)
		return nil
	})
	if err != nil {
		return err
	}
	return tx.Bucket(tokensBucket).ForEach(func(account, v []byte) error {
		var rec tokenRecord
		err := json.Unmarshal(v, &rec)
		s.tokens[string(account)] = token{value: rec.Value, key: rec.Key, askedAt: atMost(start, rec.AskedAt, start)}
		return err
	})
}

// setClock converts a record's times to the wall clock at start, if the machine was not restarted
// since they were written.
func (rec *scopeRecord) setClock(start time.Time, clock bootClock) {
	boot, since := clock()
	if boot == "" || boot != rec.Boot {
		return
	}
	set := func(t *time.Time, sinceBoot time.Duration) {
		if !t.IsZero() {
			*t = start.Add(sinceBoot - since)
		}
	}
	set(&rec.BlockedUntil, rec.BlockedBoot)
	for i := range rec.Requests {
		set(&rec.Requests[i].Sent, rec.Requests[i].SentBoot)
		set(&rec.Requests[i].Ended, rec.Requests[i].EndedBoot)
	}
}

// scope decodes a record as of start. The wall clock may have been set back since it was written,
// so no time is later than it can be. A request that was running when the process stopped counts as
// done at start, or as late as the vendor may count it.
func (rec scopeRecord) scope(start time.Time) *scope {
	sc := &scope{blockedFor: rec.BlockedFor}
	if !rec.BlockedUntil.IsZero() {
		sc.blockedUntil = atMost(start, rec.BlockedUntil, start.Add(rec.BlockedFor))
	}
	for _, r := range rec.Requests {
		next := request{kind: r.Kind, sent: atMost(start, r.Sent, start), state: r.State}
		switch r.State {
		case done:
			next.ended = atMost(start, r.Ended, start)
		default:
			next.state, next.ended = lost, next.sent.Add(countsFor)
			if r.State == running && next.ended.Before(start) {
				next.ended = start
			}
		}
		sc.requests = append(sc.requests, next)
	}
	return sc
}

// atMost returns t on start's monotonic clock, and no later than most.
func atMost(start, t, most time.Time) time.Time {
	t = start.Add(t.Sub(start))
	if t.After(most) {
		return most
	}
	return t
}
