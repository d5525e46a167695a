package alpemix

import "time"

// Ledger remembers what the vendor has counted, across restarts and kills. Requests are counted by
// scope and kind ("token" or "report"). The caller passes times from time.Now, with the monotonic
// clock.
type Ledger interface {
	// Reserve stores, before it returns, that a request is about to be sent. If limit requests of
	// its kind already occupy the window, it stores nothing and returns the earliest time at which
	// one may be free. A request occupies the window while it runs and for window after that. One
	// that was running when the process died counts as done at the next start.
	Reserve(scope, kind string, limit int, window time.Duration, now time.Time) (id uint64, notBefore time.Time, err error)
	// Settle records that a reserved request is done. Without an answer, the vendor may still count
	// it for a while.
	Settle(scope string, id uint64, answered bool, now time.Time)
	// Exhaust stores that the vendor counts limit requests at now, more than we knew, so a whole
	// window has to pass.
	Exhaust(scope, kind string, limit int, now time.Time) error
	// Remaining returns how many requests Reserve would grant at now.
	Remaining(scope, kind string, limit int, window time.Duration, now time.Time) int

	// Block returns until when the vendor blocks scope (zero: never did), and the length of that
	// wait (0: since a success).
	Block(scope string) (until time.Time, wait time.Duration)
	// SetBlock stores that scope is blocked for wait, until a time. A zero wait ends the block.
	SetBlock(scope string, until time.Time, wait time.Duration) error

	// Token returns the account's token and when it was requested. It is empty if there is none for
	// the credentials whose fingerprint is key.
	Token(account, key string) (value string, askedAt time.Time)
	// SetToken stores a token. An empty one deletes it.
	SetToken(account, key, value string, askedAt time.Time) error
}
