package report

import (
	"errors"
	"fmt"
	"time"
)

// Class tells what can be done about a failed request.
type Class string

// Classes of failure. vendors/README.md section 1 sorts the error numbers of alpemix.txt into them.
const (
	Transient Class = "transient" // try again after a pause
	Permanent Class = "permanent" // nothing but a person's change helps: bad credentials, refused request
	Renew     Class = "renew"     // the token is spent: get a new one, once
	Throttle  Class = "throttle"  // too early: not before NotBefore; nothing was sent, or the vendor said 205
	Blocked   Class = "blocked"   // the vendor has blocked our address (204)
	Local     Class = "local"     // our own disk or state failed before anything was sent
	Unknown   Class = "unknown"   // a call that changes something got no clear answer: it may have been done, look before it is sent again
)

// NotOffered is the reason of a request for what a vendor's server does not have: that is how it is, and no trouble.
const NotOffered = "not_offered"

// OwnLimit is the reason of a request that was not sent because our own count of the vendor's limits
// forbids it: that is how it is, and no trouble.
const OwnLimit = "limit"

// Failure is a request that brought no report. Reason is bounded and serves as metric label and as outcome in fetches.
type Failure struct {
	Class     Class
	Reason    string
	Code      int       // the vendor's error number, 0 if none
	NotBefore time.Time // for Throttle, Blocked and Renew: the earliest moment of the next try
	Unsent    bool      // nothing reached the vendor, so the try cost none of its limits
	Kind      Kind      // the request that failed: Token, or the report's; for a reseller vendor the name of its call
	Err       error     // what happened, to which account, and what to do; holds no secret
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Fail makes a Failure of class and reason with a formatted cause.
func Fail(class Class, reason, format string, args ...any) *Failure {
	return &Failure{Class: class, Reason: reason, Err: fmt.Errorf(format, args...)}
}

// AsFailure finds the Failure in err; an err without one is transient with reason "internal".
func AsFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Class: Transient, Reason: "internal", Err: err}
}
