package alpemix

import "time"

// Ledger remembers what the vendor has counted, over restarts and kills. Requests are counted by scope and kind ("token" or
// "report"). Every moment is given by the caller, from time.Now, so that it carries the monotonic clock.
type Ledger interface {
	// Reserve records durably, before it returns, that a request is about to be sent. If limit requests of its kind already
	// occupy the window it records nothing and returns the earliest moment at which one may be free. A request occupies the
	// window while it runs and for window after it has ended; one that was running when the process died counts as ended at
	// the next start.
	Reserve(scope, kind string, limit int, window time.Duration, now time.Time) (id uint64, notBefore time.Time, err error)
	// Settle notes that a reserved request has ended. Without an answer the vendor may still count it for a while.
	Settle(scope string, id uint64, answered bool, now time.Time)
	// Exhaust records that the vendor counts limit requests at now, more than we knew: a whole window has to pass.
	Exhaust(scope, kind string, limit int, now time.Time) error
	// Remaining is how many requests Reserve would grant at now.
	Remaining(scope, kind string, limit int, window time.Duration, now time.Time) int

	// Block is until when the vendor blocks scope (zero: never did), and how long that wait was (0: since a success).
	Block(scope string) (until time.Time, wait time.Duration)
	// SetBlock records durably that scope is blocked for wait, until a moment. A zero wait ends it.
	SetBlock(scope string, until time.Time, wait time.Duration) error

	// Token is the account's token and when it was asked for, empty if there is none for these credentials, of which key is
	// a fingerprint.
	Token(account, key string) (value string, askedAt time.Time)
	// SetToken stores a token durably. An empty one forgets it.
	SetToken(account, key, value string, askedAt time.Time) error
}
