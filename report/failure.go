package report

import (
	"errors"
	"fmt"
	"time"
)

// Class says what can be done about a failed request.
type Class string

// Classes of failure.
const (
	Transient Class = "transient" // try again after a pause
	Permanent Class = "permanent" // a person has to change something: bad credentials, refused request
	Renew     Class = "renew"     // the token is no longer valid: get a new one, once
	Throttle  Class = "throttle"  // too early: wait until NotBefore; nothing was sent, or the vendor answered 205
	Blocked   Class = "blocked"   // the vendor blocks our address (204)
	Local     Class = "local"     // our own disk or state failed before anything was sent
	// Unknown: a call that changes something got no clear answer. It may have been carried out, so
	// check before sending it again.
	Unknown Class = "unknown"
)

// NotOffered is the Reason when a vendor's server does not offer what was asked for. It is not an
// error to fix.
const NotOffered = "not_offered"

// OwnLimit is the Reason when our own count of the vendor's limits kept a request from being sent.
// It is not an error to fix.
const OwnLimit = "limit"

// Failure is a request that brought no report. Reason has few values: it is a metric label and the
// outcome in fetches.
type Failure struct {
	Class     Class
	Reason    string
	Code      int       // the vendor's error number, 0 if none
	NotBefore time.Time // for Throttle, Blocked and Renew: the earliest time of the next try
	Unsent    bool      // nothing reached the vendor, so the try used none of its limits
	Kind      Kind      // the request that failed: Token or the report's kind; for resellers the name of the call
	Err       error     // what happened, to which account, and what to do; holds no secret
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Fail returns a Failure with class, reason and a formatted cause.
func Fail(class Class, reason, format string, args ...any) *Failure {
	return &Failure{Class: class, Reason: reason, Err: fmt.Errorf(format, args...)}
}

// AsFailure returns the Failure in err. An err without one is Transient with reason "internal".
func AsFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Class: Transient, Reason: "internal", Err: err}
}
