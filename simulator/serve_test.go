package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

// try asks c for today and returns how long it took and what came of it.
func try(ctx context.Context, c *http.Client, base, token string) (body string, status int, took time.Duration, err error) {
	start := time.Now()
	r, err := http.NewRequestWithContext(ctx, "POST", base+"/api", strings.NewReader(fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":1}`, token)))
	if err != nil {
		return "", 0, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.Do(r)
	if err != nil {
		return "", 0, time.Since(start), err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), answer.StatusCode, time.Since(start), err
}

var faultTests = []struct {
	name   string
	fault  Fault
	counts bool          // the vendor counts the request
	took   time.Duration // in a bubble
	status int
	want   string // beginning of the body, "rows" for a complete report
	err    error
}{
	{"none", Fault{}, true, 0, 200, "rows", nil},
	{"delay", Fault{Delay: 7 * time.Second}, true, 7 * time.Second, 200, "rows", nil},
	{"lag", Fault{Lag: 9 * time.Second}, true, 9 * time.Second, 200, "rows", nil},
	{"refused", Fault{Delay: time.Second, Err: ErrRefused}, false, time.Second, 0, "", syscall.ECONNREFUSED},
	{"reset", Fault{Err: ErrReset}, false, 0, 0, "", syscall.ECONNRESET},
	{"lost answer", Fault{Lag: time.Second, Lost: ErrReset}, true, time.Second, 0, "", syscall.ECONNRESET},
	{"cut", Fault{Cut: 700}, true, 0, 200, "{\n", io.ErrUnexpectedEOF},
	{"cut at the first byte", Fault{Cut: 1}, true, 0, 200, "{", io.ErrUnexpectedEOF},
	{"cut quietly", Fault{Cut: 700, CutQuietly: true}, true, 0, 200, "{\n", nil},
	{"stall", Fault{Cut: 700, Stall: 3 * time.Second}, true, 3 * time.Second, 200, "rows", nil},
	{"no cut", Fault{Cut: 100 << 20}, true, 0, 200, "rows", nil},
	{"page", Fault{Page: MaintenancePage}, true, 0, 200, MaintenancePage, nil},
	{"500", Fault{Status: 500, Page: MaintenancePage}, true, 0, 500, MaintenancePage, nil},
	{"502", Fault{Status: 502}, true, 0, 502, "", nil},
	{"number", Fault{ErrorNumber: 108}, true, 0, 200, failure(108), nil},
	{"expired", Fault{Expire: true}, true, 0, 200, failure(202), nil},
	{"other IP", Fault{IP: "192.0.2.99"}, true, 0, 200, failure(201), nil},
	{"block", Fault{Block: time.Minute}, true, 0, 200, failure(204), nil},
}

func TestFaultsInABubble(t *testing.T) {
	for _, test := range faultTests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := New(Options{World: &World{HourlyMinimum: 60}, Accounts: []Account{{Name: "acme"}}, Record: true})
				time.Sleep(6 * time.Hour)
				token := v.issue(time.Now(), &call{Request: Request{Account: "acme", IP: "192.0.2.10"}})
				v.SetFault(ScriptedFaults(test.fault))
				client := &http.Client{Transport: v.RoundTripper()}
				now := time.Now()
				body, status, took, err := try(t.Context(), client, "https://vendor.example:5900", token)
				if took != test.took || status != test.status || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
					t.Errorf("%d after %s: %v", status, took, err)
				}
				checkBody(t, test.want, body)
				s, shown := v.Stats(), len(v.Shown("acme"))
				if (s.Requests[report.Today] == 1) != test.counts {
					t.Errorf("counted: %v", s.Requests)
				}
				if (shown > 0) != (test.want == "rows") {
					t.Errorf("%d connections count as shown", shown)
				}
				if counted := now.Add(test.fault.Delay); test.counts && !s.Log[0].At.Equal(counted) {
					t.Errorf("counted at %s, want %s", s.Log[0].At, counted)
				}
				if body, _, _, err := try(t.Context(), client, "https://vendor.example:5900", token); test.name == "reset" && (err != nil || len(decode(t, []byte(body))) == 0) {
					t.Errorf("the request after the script: %v, %.100s", err, body)
				}
			})
		})
	}
}

func checkBody(t *testing.T, want, body string) {
	t.Helper()
	if want == "rows" {
		if len(decode(t, []byte(body))) < 300 {
			t.Errorf("%.200s", body)
		}
	} else if !strings.HasPrefix(body, want) {
		t.Errorf("%.200s, want %s", body, want)
	}
}

func TestCancelledRequestsEndAtOnce(t *testing.T) {
	for _, fault := range []Fault{{Delay: time.Hour}, {Lag: time.Hour}, {Cut: 10, Stall: time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			v := New(Options{Accounts: []Account{{Name: "acme"}}, Fault: ScriptedFaults(fault), Record: true})
			token := v.issue(time.Now(), &call{Request: Request{Account: "acme", IP: "192.0.2.10"}})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, _, took, err := try(ctx, &http.Client{Transport: v.RoundTripper()}, "https://vendor.example", token)
			if took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) || len(v.Shown("acme")) != 0 {
				t.Errorf("%+v: after %s: %v", fault, took, err)
			}
		})
	}
}

// TestFaultsOverTheNetwork holds the handler on a socket against the same table; of a connection that fails, a socket shows
// only that it failed.
func TestFaultsOverTheNetwork(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := New(Options{World: &World{HourlyMinimum: 60}, Accounts: []Account{{Name: "acme"}}, Limits: Limits{Reports: 1000}})
	morning := time.Now()
	v.now = Accelerated((report.DayOf(morning) + 1).Start(Istanbul).Add(-time.Hour), 1)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Serve(ctx, l, v) }()
	for _, test := range faultTests {
		t.Run(test.name, func(t *testing.T) {
			v.mu.Lock()
			clear(v.blocked)
			v.mu.Unlock()
			token := v.issue(v.now(), &call{Request: Request{Account: "acme", IP: "127.0.0.1"}})
			test.fault.Delay, test.fault.Lag, test.fault.Stall = test.fault.Delay/1000, test.fault.Lag/1000, test.fault.Stall/1000
			v.SetFault(ScriptedFaults(test.fault))
			body, status, _, err := try(t.Context(), &http.Client{}, "http://"+l.Addr().String(), token)
			if status != test.status || (err == nil) != (test.err == nil) {
				t.Errorf("%d: %v", status, err)
			}
			checkBody(t, test.want, body)
		})
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeTellsWhyItStopped(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := Serve(t.Context(), l, New(Options{})); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestRandomFaultsRepeat(t *testing.T) {
	a, b := RandomFaults(5, 0.3), RandomFaults(5, 0.3)
	bad, kinds := 0, map[string]bool{}
	for n := range 2000 {
		f := a(Request{N: n})
		if f != b(Request{N: n}) {
			t.Fatalf("request %d differs", n)
		}
		if f != (Fault{}) {
			bad++
			kinds[fmt.Sprint(f)] = true
		}
	}
	if bad < 500 || bad > 700 || len(kinds) != len(EveryFault()) {
		t.Errorf("%d of 2000 went wrong in %d ways", bad, len(kinds))
	}
	if f := RandomFaults(5, 1, Fault{Cut: 3})(Request{N: 1}); f.Cut != 3 {
		t.Errorf("%+v", f)
	}
}

func TestAcceleratedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 7, 6, 8, 0, 0, 0, Istanbul)
		clock := Accelerated(start, 60)
		time.Sleep(time.Minute)
		if got := clock().Sub(start); got != time.Hour {
			t.Errorf("a minute became %s", got)
		}
	})
}

func TestAnswersNameTheirCharset(t *testing.T) {
	for _, test := range []struct {
		quirks Quirks
		want   string
	}{
		{Quirks{}, "application/json"},
		{Quirks{Charset: Windows1254}, "application/json"},
		{Quirks{Charset: Windows1254, DeclareCharset: true}, "application/json; charset=windows-1254"},
		{Quirks{ContentType: "text/html", DeclareCharset: true}, "text/html; charset=utf-8"},
	} {
		v := New(Options{Accounts: []Account{{Name: "acme"}}})
		v.SetQuirks(test.quirks, "acme")
		r, _ := http.NewRequest("POST", "http://vendor.example/api", bytes.NewReader([]byte(`{"stepnumber":1,"secretkey":"secret-acme","mainusername":"acme"}`)))
		r.Header.Set("Content-Type", "application/json")
		answer, err := v.RoundTripper().RoundTrip(r)
		if err != nil || answer.Header.Get("Content-Type") != test.want {
			t.Errorf("%v %v, want %s", err, answer.Header, test.want)
		}
	}
}
