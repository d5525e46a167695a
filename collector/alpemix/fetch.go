package alpemix

import (
	"context"
	"fmt"
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// After error 204 our address is blocked "for a certain period of time", which no document
// specifies. We wait longer after each block in a row. Before a deadline we wait for a third of the
// time left: a day that is not requested is lost for sure, while a try during a block may at worst
// prolong it.
//
// That is about fifteen tries in the last six hours. Even if each try restarts the block, it ends
// if it is shorter than any of the waits, the longest of which is hours.
const (
	blockFirst = 5 * time.Minute
	blockMost  = 6 * time.Hour
	blockLeast = time.Minute
	blockParts = 3
)

// leastTimeout is the minimum timeout of a request, however near the deadline is.
const leastTimeout = 20 * time.Second

// Fetch sends w, and first requests a token if there is none. It renews a token that the vendor
// refuses once. It never waits: if the limits or a block forbid a request, it sends nothing and
// returns a failure of class Throttle or Blocked with the time of the next try.
//
// The error is always a *report.Failure. The Body lists the requests that were sent even if there
// is an error. If the answer is not a complete report, it has what arrived, and the complete
// records in it are valid.
func (c *Client) Fetch(ctx context.Context, w report.Window) (report.Body, error) {
	c.asking <- struct{}{}
	defer func() { <-c.asking }()
	f := c.newFetch(w)
	err := f.run(ctx, w)
	if f.body.FetchedAt.IsZero() {
		f.body.AskedAt = time.Now().UTC()
		f.body.FetchedAt = f.body.AskedAt
	}
	if err != nil {
		return f.body, err
	}
	return f.body, nil
}

// youngToken is the age below which the vendor has no reason to refuse a token.
const youngToken = time.Hour

// Check tries the credentials with at most one token request and one report request. It requests no
// token if the vendor accepts the stored one. If our own limits forbid a request for now, it calls
// wait with the time at which it is allowed; wait reports whether that time has come.
//
// The note says what could not be tried. The error is a *report.Failure.
func (c *Client) Check(ctx context.Context, wait func(until time.Time) bool) (note string, err error) {
	c.asking <- struct{}{}
	defer func() { <-c.asking }()
	w := report.Window{Kind: report.Latest, Last: 1}
	f := c.newFetch(w)
	defer f.discard()
	_, askedAt := c.ledger.Token(c.cfg.Account, c.key)
	young := time.Since(askedAt) < youngToken
	var token string
	var fresh bool
	fail := inTurn(wait, func() (fail *report.Failure) { token, fresh, fail = f.token(ctx); return fail })
	if fail == nil {
		fail = inTurn(wait, func() *report.Failure { return f.report(ctx, w, token) })
	}
	if fail != nil && fail.Class == report.Renew && !fresh {
		refused := fail
		note = fmt.Sprintf("the stored token was refused (error %d) and renewed; the new one is not tried yet", fail.Code)
		fail = inTurn(wait, func() *report.Failure { _, fail := f.newToken(ctx); return fail })
		if fail == nil && young { // otherwise the new token proves the credentials
			fail = refused
		}
	}
	if fail != nil {
		return "", fail
	}
	return note, nil
}

// inTurn calls send and, if our own limits forbade the request, waits and calls it again.
func inTurn(wait func(until time.Time) bool, send func() *report.Failure) *report.Failure {
	fail := send()
	if fail != nil && fail.Reason == report.OwnLimit && wait(fail.NotBefore) {
		fail = send()
	}
	return fail
}

// discard drops a report that nobody reads.
func (f *fetch) discard() {
	if f.body.Content != nil {
		_ = f.body.Content.Close() // opened for reading only
	}
}

// fetch is one call of Fetch or Check.
type fetch struct {
	*Client
	body     report.Body
	deadline time.Time // see report.Window
	secrets  []string  // what no error may show
}

func (c *Client) newFetch(w report.Window) *fetch {
	return &fetch{
		Client: c, body: report.Body{Account: c.cfg.Account, Window: w}, deadline: w.Deadline, secrets: []string{c.cfg.SecretKey},
	}
}

func (f *fetch) run(ctx context.Context, w report.Window) error {
	token, _, fail := f.token(ctx)
	if fail == nil {
		fail = f.report(ctx, w, token)
	}
	if fail != nil && fail.Class == report.Renew && fail.Kind != report.Token {
		fail = f.renew(ctx, w, fail)
	}
	if fail != nil {
		return fail
	}
	return nil
}

// renew asks again with a new token. If our own limits forbid that for now, the refusal of the old
// token remains the failure, so that it is reported even if the vendor refuses every token.
func (f *fetch) renew(ctx context.Context, w report.Window, refused *report.Failure) *report.Failure {
	token, fail := f.newToken(ctx)
	if fail == nil {
		fail = f.report(ctx, w, token)
	}
	if fail != nil && fail.Reason == report.OwnLimit {
		refused.NotBefore = fail.NotBefore
		return refused
	}
	return fail
}

// token returns the stored token, or requests a new one; then fresh is true.
func (f *fetch) token(ctx context.Context) (token string, fresh bool, fail *report.Failure) {
	token, askedAt := f.ledger.Token(f.cfg.Account, f.key)
	if token != "" && time.Since(askedAt) < tokenLife-tokenMargin {
		return token, false, nil
	}
	token, fail = f.newToken(ctx)
	return token, true, fail
}

func (f *fetch) newToken(ctx context.Context) (string, *report.Failure) {
	askedAt := time.Now()
	a, fail := f.send(ctx, report.Token, tokenRequest{1, f.cfg.SecretKey, f.cfg.MainUsername})
	if a != nil {
		defer func() { _ = a.Close() }() // opened for reading only
	}
	if fail != nil {
		return "", fail
	}
	token := a.envelope.Token
	if err := f.ledger.SetToken(f.cfg.Account, f.key, token, askedAt); err != nil {
		return "", f.local(report.Token, err)
	}
	return token, nil
}

// report sends w with token. The answer goes to f.body.
func (f *fetch) report(ctx context.Context, w report.Window, token string) *report.Failure {
	f.remember(token)
	request, err := reportRequestOf(w, token)
	if err != nil {
		return f.fail(w.Kind, report.Permanent, "bad_window", "%w", err)
	}
	a, fail := f.send(ctx, w.Kind, request)
	if a != nil {
		f.keep(a, fail)
	}
	if fail != nil && fail.Class == report.Renew {
		if err := f.ledger.SetToken(f.cfg.Account, f.key, "", time.Time{}); err != nil {
			return f.local(w.Kind, err)
		}
	}
	return fail
}

// tokensKept is how many tokens are removed from records. A record may still show one that has been
// replaced, and later answers must not store it.
const tokensKept = 4

// remember makes token a secret of this and of later answers.
func (f *fetch) remember(token string) {
	if !slices.Contains(f.tokens, token) {
		f.tokens = append(f.tokens, token)
		f.tokens = f.tokens[max(0, len(f.tokens)-tokensKept):]
	}
	f.secrets = append([]string{f.cfg.SecretKey}, f.tokens...)
	f.body.Redact = vendorhttp.NewRedactor(f.secrets).Record
}

// keep passes on a report, or the part of it that arrived: the complete records in it are valid.
func (f *fetch) keep(a *answer, fail *report.Failure) {
	if a.Status/100 == 2 && (fail == nil || fail.Code == 0) {
		f.body.Content = a
		return
	}
	_ = a.Close() // opened for reading only
}

// The requests of alpemix.txt, with the fields in its order.
type (
	tokenRequest struct {
		Step         int    `json:"stepnumber"`
		SecretKey    string `json:"secretkey"`
		MainUsername string `json:"mainusername"`
	}
	reportRequest struct {
		Step   int    `json:"stepnumber"`
		Token  string `json:"accesstoken"`
		Number int    `json:"requestnumber"`
		Last   *int   `json:"lastxconnection,omitempty"` // documented only for today
	}
)

func reportRequestOf(w report.Window, token string) (reportRequest, error) {
	switch {
	case w.Kind == report.Yesterday:
		return reportRequest{Step: 2, Token: token, Number: 2}, nil
	case w.Kind == report.Today, w.Kind == report.Latest && w.Last > 0:
		return reportRequest{Step: 2, Token: token, Number: 1, Last: &w.Last}, nil
	}
	return reportRequest{}, fmt.Errorf("alpemix.txt knows no request for %q", w)
}

// blocked returns a failure while the vendor blocks our address.
func (f *fetch) blocked(kind report.Kind) *report.Failure {
	until, wait := f.ledger.Block(f.cfg.Limits.Scope)
	until = f.nextTry(until.Add(-wait), wait)
	if pacing.Reached(until, time.Now()) {
		return nil
	}
	fail := f.fail(kind, report.Blocked, numbers[blockedNumber].reason,
		"the vendor has blocked our address; nothing is sent before %s", until.UTC().Format(time.RFC3339))
	fail.NotBefore = until
	return fail
}

// block records that the vendor has just blocked our address and returns the time of the next try.
// The next Reserve reports an error of the ledger again; until then the block is in memory.
func (f *fetch) block() (until time.Time) {
	_, before := f.ledger.Block(f.cfg.Limits.Scope)
	wait := min(max(2*before, blockFirst), blockMost)
	now := time.Now()
	_ = f.ledger.SetBlock(f.cfg.Limits.Scope, now.Add(wait), wait)
	return f.nextTry(now, wait)
}

// nextTry returns when this request tries again after a block that was noticed at since and should
// be waited for. Accounts of one scope may have other deadlines, so the ledger keeps the full wait.
func (f *fetch) nextTry(since time.Time, wait time.Duration) time.Time {
	if f.deadline.IsZero() {
		return since.Add(wait)
	}
	return since.Add(pacing.Within(wait, f.deadline.Sub(since), blockLeast, blockParts))
}

// unblock ends the count of blocks in a row after a success. A block that another request met since
// this one was sent, when it lasted until before, stays.
func (f *fetch) unblock(before time.Time) error {
	if until, wait := f.ledger.Block(f.cfg.Limits.Scope); wait == 0 || !until.Equal(before) {
		return nil
	}
	return f.ledger.SetBlock(f.cfg.Limits.Scope, time.Time{}, 0)
}

// fail returns a failure that names the account and the request and holds no secret.
func (f *fetch) fail(kind report.Kind, class report.Class, reason, format string, args ...any) *report.Failure {
	err := fmt.Errorf(format, args...)
	fail := &report.Failure{Class: class, Reason: reason, Kind: kind, Err: f.redacted(err)}
	// Added after redacting, because a very short token would make the names unreadable.
	fail.Err = fmt.Errorf("alpemix account %s, request for %s: %w", f.cfg.Account, kind, fail.Err)
	return fail
}

func (f *fetch) local(kind report.Kind, err error) *report.Failure {
	return f.fail(kind, report.Local, "state", "nothing is sent unless it can be recorded: %w", err)
}

// redacted returns err without the secret key and the tokens.
func (f *fetch) redacted(err error) error { return vendorhttp.RedactError(err, f.secrets) }
