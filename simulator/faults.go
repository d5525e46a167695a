package simulator

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"alpemix-collector/report"
)

// Request is what a Fault hook gets of a request before it is handled.
type Request struct {
	N       int // 1 for the first request to the vendor
	At      time.Time
	IP      string
	Account string      // whose credentials or token it carries, "" if nobody's
	Kind    report.Kind // "" if it cannot be read
	Last    int         // lastxconnection
}

// Fault is what goes wrong with one request, in the order of the fields. The zero Fault is none. Delays pass in real time, or
// in the fake time of a testing/synctest bubble, and end early when the request is cancelled.
type Fault struct {
	Only        Requests      // the requests that it affects
	Delay       time.Duration // before the request reaches the vendor
	Err         error         // the connection fails before the vendor learns of the request: ErrRefused, ErrReset, a TLS error
	IP          string        // the request comes from this address
	Expire      bool          // the token it carries has expired
	Block       time.Duration // its IP is blocked from now on for so long
	ErrorNumber int           // the answer has this number; the request was counted
	Status      int           // the answer is Page with this status, 200 if 0; the request was counted
	Page        string
	Rows        int           // a report lists its newest Rows connections as if there were no more; -1: none
	Lag         time.Duration // between making the answer and its first byte
	Lost        error         // the connection fails instead of the answer, which the vendor made and counted
	Cut         int           // the body stops after so many bytes, if it has more, and the connection fails with io.ErrUnexpectedEOF
	CutQuietly  bool          // the body ends there as if it were complete
	Stall       time.Duration // the body pauses at Cut instead, then continues
	KeepOpen    bool          // the connection stays open behind the body, whose length is not announced
}

// Errors of connections.
var (
	ErrRefused error = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	ErrReset   error = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
)

// MaintenancePage is what web servers show while the application is down.
const MaintenancePage = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Bakım</title></head>
<body><h1>Sistem bakımda</h1><p>Lütfen daha sonra tekrar deneyin.</p></body></html>
`

// WrongEnvelopes are complete JSON documents that are no report. None of them may count as an empty
// day.
func WrongEnvelopes() []string {
	return []string{
		`{"errornumber":0,"Results":[{"uid":"1"}]}`, `{"errornumber":0,"result":[]}`, `{"errornumber":0,"data":{"results":[]}}`,
		`{"errornumber":0,"results":null,"rows":[]}`, `{"errornumber":0,"message":"bakım"}`, `{"errornumber":0,"results":{}}`,
		`{"errornumber":0,"results":""}`, `{"errornumber":0,"results":[],"next":2}`, `[]`, `{}`, `null`, `{"errornumber":"none"}`,
		`{"results":[]}`,
	}
}

// Requests is a kind of requests.
type Requests string

// The kinds of requests.
const (
	AnyRequest      Requests = ""
	ReportRequests  Requests = "report"    // not those for a token
	YesterdayReport Requests = "yesterday" // those for yesterday's report
)

// include reports whether a request of kind is among r.
func (r Requests) include(kind report.Kind) bool {
	switch r {
	case ReportRequests:
		return kind != report.Token
	case YesterdayReport:
		return kind == report.Yesterday
	}
	return true
}

var errCut = errors.New("simulated cut")

// EveryFault lists faults that pass without intervention, one of each kind.
func EveryFault() []Fault {
	all := []Fault{
		{Delay: 2 * time.Second}, {Lag: 5 * time.Second}, {Delay: time.Minute}, {Lag: time.Minute},
		{Err: ErrRefused}, {Err: ErrReset}, {Lost: ErrReset}, {Lag: 20 * time.Second, Lost: ErrReset},
		{Cut: 1}, {Cut: 700}, {Cut: 20_000}, {Cut: 700, CutQuietly: true}, {Cut: 700, Stall: 10 * time.Second},
		{Page: MaintenancePage}, {Status: 500, Page: MaintenancePage}, {Status: 502}, {Status: 503, Page: MaintenancePage},
		{ErrorNumber: 103}, {ErrorNumber: 105}, {ErrorNumber: 108}, {ErrorNumber: 999},
		{ErrorNumber: 201}, {ErrorNumber: 202}, {ErrorNumber: 203}, {ErrorNumber: 205},
		{Only: ReportRequests, ErrorNumber: 201}, {Only: ReportRequests, ErrorNumber: 205},
		{Rows: -1}, {Rows: 3}, {Only: YesterdayReport, Rows: -1},
		{Expire: true}, {IP: "192.0.2.99"}, {Block: 10 * time.Minute},
	}
	for _, page := range WrongEnvelopes() {
		all = append(all, Fault{Only: ReportRequests, Page: page})
	}
	return all
}

// RandomFaults is a hook that lets about the share rate of requests go wrong in one of the given ways, EveryFault if none is
// given. It depends on seed and Request.N alone.
func RandomFaults(seed uint64, rate float64, faults ...Fault) func(Request) Fault {
	if len(faults) == 0 {
		faults = EveryFault()
	}
	return func(q Request) Fault {
		r := stream(seed, uint64(q.N))
		if !r.chance(rate) {
			return Fault{}
		}
		return pick(&r, faults)
	}
}

// ScriptedFaults is a hook that deals the n-th fault to the n-th request after it was set, and none to later ones.
func ScriptedFaults(faults ...Fault) func(Request) Fault {
	var dealt atomic.Int64
	return func(Request) Fault {
		if n := int(dealt.Add(1)); n <= len(faults) {
			return faults[n-1]
		}
		return Fault{}
	}
}

// pause waits for d, or for ctx.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
