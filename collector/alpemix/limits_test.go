package alpemix_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
)

func TestReportsComeAsFastAsTheLimitAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(sent) any { time.Sleep(100 * time.Millisecond); return emptyDay }
		c, v, _ := newClient(t, tokenAnswer(first), slow)
		start := time.Now()
		for time.Since(start) < time.Hour {
			_, err := c.Fetch(t.Context(), today)
			if err == nil {
				continue
			}
			f := report.AsFailure(err)
			if f.Class != report.Throttle || f.Reason != "limit" || f.Kind != report.Today {
				t.Fatal(f)
			}
			time.Sleep(time.Until(f.NotBefore))
		}
		if n := len(v.got) - 1; n < 170 || n > 180 {
			t.Errorf("%d reports in an hour, the vendor allows 180", n)
		}
	})
}

func TestAThrottledFetchSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, v, _ := newClient(t, tokenAnswer(first), emptyDay)
		if c.Budget(report.Today) != 3 || c.Budget(report.Token) != 5 {
			t.Errorf("budget %d, %d", c.Budget(report.Today), c.Budget(report.Token))
		}
		for range 3 {
			fetched(t, c, today)
		}
		if c.Budget(report.Yesterday) != 0 || c.Budget(report.Token) != 4 {
			t.Errorf("budget %d, %d", c.Budget(report.Today), c.Budget(report.Token))
		}
		sent := len(v.got)
		f, body := failed(t, c, today)
		if len(v.got) != sent || len(kinds(body)) != 0 || time.Until(f.NotBefore) != 61500*time.Millisecond {
			t.Errorf("%v, %v, not before %v", kinds(body), f, time.Until(f.NotBefore))
		}
	})
}

func TestATokenThatWasGotIsKeptWhenTheReportMustWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, v, _ := newClient(t, tokenAnswer(first), emptyDay, emptyDay, number(202), tokenAnswer("tok-second"), emptyDay)
		fetched(t, c, today)
		fetched(t, c, today)
		f, body := failed(t, c, today) // the third report is spent on learning that the token has expired
		if f.Class != report.Renew || f.Code != 202 || f.Kind != report.Today || fmt.Sprint(kinds(body)) != "[today token]" {
			t.Errorf("%v, sent %v", f, kinds(body))
		}
		time.Sleep(time.Until(f.NotBefore))
		if body := fetched(t, c, today); fmt.Sprint(kinds(body)) != "[today]" {
			t.Errorf("sent %v", kinds(body))
		}
		if len(v.got) != 6 {
			t.Errorf("%q", v.bodies())
		}
	})
}

func TestTokenRequestsStayWithinTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, v, _ := newClient(t, number(105))
		for range 5 {
			failed(t, c, today)
		}
		f, body := failed(t, c, today)
		if f.Class != report.Throttle || f.Kind != report.Token || len(kinds(body)) != 0 || len(v.got) != 5 {
			t.Errorf("%v, %v after %d", f, kinds(body), len(v.got))
		}
	})
}

// TestABlockIsTriedBeforeADeadline: whenever the block ends, a request follows in time, and few do before.
func TestABlockIsTriedBeforeADeadline(t *testing.T) {
	for _, early := range []time.Duration{20 * time.Hour, time.Hour, 25 * time.Minute, 5 * time.Minute, 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			deadline := time.Now().Add(36 * time.Hour)
			var over atomic.Bool
			c, v, _ := newClient(t, func(s sent) any {
				switch {
				case !over.Load():
					return number(204)
				case strings.Contains(s.body, `"stepnumber":1`):
					return tokenAnswer(first)
				}
				return emptyDay
			})
			w := report.Window{Kind: report.Yesterday, Deadline: deadline}
			time.AfterFunc(time.Until(deadline.Add(-early)), func() { over.Store(true) })
			for {
				_, err := c.Fetch(t.Context(), w)
				if err == nil {
					break
				}
				time.Sleep(time.Until(report.AsFailure(err).NotBefore))
			}
			if left := time.Until(deadline); left < early/4 {
				t.Errorf("unblocked %v before the deadline, read %v before it", early, left)
			}
			if n := len(v.got); n > 30 {
				t.Errorf("unblocked %v before the deadline: %d requests in 36 h", early, n)
			}
		})
	}
}

func TestABlockIsWaitedOutLongerEachTimeByAllOfTheScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		v := &vendor{t: t, answers: []any{number(204)}}
		s := openState(t, dir)
		for i, want := range []time.Duration{5, 10, 20, 40, 80, 160, 320, 360, 360} {
			want *= time.Minute
			c := clientOn(t, s, v)
			f, body := failed(t, c, today)
			if f.Class != report.Blocked || f.Code != 204 || len(kinds(body)) != 1 || time.Until(f.NotBefore) != want {
				t.Fatalf("block %d: %v for %v", i, f, time.Until(f.NotBefore))
			}
			// Neither another account of the scope nor a restart sends anything.
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(want - time.Second)
			s = openState(t, dir)
			cfg := config()
			cfg.Account = "other"
			other := mustNew(t, cfg, s, v)
			f, body = failed(t, other, today)
			if f.Class != report.Blocked || len(kinds(body)) != 0 || other.Budget(report.Token) != 0 || time.Until(f.NotBefore) > time.Second {
				t.Fatalf("block %d: %v, sent %v", i, f, kinds(body))
			}
			// An account with its own limits is not concerned.
			cfg.Limits.Scope = "account other"
			if mustNew(t, cfg, s, v).Budget(report.Token) == 0 {
				t.Error("another scope is blocked")
			}
			time.Sleep(time.Second)
		}
		v.answers = []any{tokenAnswer(first), emptyDay, number(204)}
		c := clientOn(t, s, v)
		fetched(t, c, today)
		if f, _ := failed(t, c, today); time.Until(f.NotBefore) != 5*time.Minute {
			t.Errorf("after a success: %v", time.Until(f.NotBefore))
		}
		_ = s.Close()
	})
}

// TestABlockOutlastsTheAnswersToEarlierRequests: they say nothing of it.
func TestABlockOutlastsTheAnswersToEarlierRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(sent) any { time.Sleep(time.Minute); return emptyDay }
		c, v, s := newClient(t, tokenAnswer(first), slow, number(204))
		var earlier sync.WaitGroup
		earlier.Go(func() {
			if _, err := c.Fetch(t.Context(), today); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		cfg := config()
		cfg.Account = "other"
		failed(t, mustNew(t, cfg, s, v), today)
		earlier.Wait()
		if f, body := failed(t, c, today); f.Class != report.Blocked || len(kinds(body)) != 0 || time.Until(f.NotBefore) != 4*time.Minute {
			t.Errorf("%v for %v, sent %v", f, time.Until(f.NotBefore), kinds(body))
		}
	})
}

func TestTheVendorsCountIsBelieved(t *testing.T) {
	for name, answer := range map[string]any{"205": number(205), "429": reply(429, "", "")} {
		synctest.Test(t, func(t *testing.T) {
			c, v, _ := newClient(t, tokenAnswer(first), answer, emptyDay)
			f, _ := failed(t, c, today)
			if f.Class != report.Throttle || time.Until(f.NotBefore) != 61500*time.Millisecond || c.Budget(report.Today) != 0 {
				t.Errorf("%s: %v for %v", name, f, time.Until(f.NotBefore))
			}
			if again, body := failed(t, c, today); len(kinds(body)) != 0 || !again.NotBefore.Equal(f.NotBefore) || len(v.got) != 2 {
				t.Errorf("%s: %v, sent %v", name, again, kinds(body))
			}
			time.Sleep(time.Until(f.NotBefore))
			fetched(t, c, today)
		})
	}
}

func TestARetryAfterIsRespectedWithinReason(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "1": 61500 * time.Millisecond, "9999999999": time.Hour, "soon": 61500 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			resp := reply(429, "", "")
			resp.Header.Set("Retry-After", header)
			c, _, _ := newClient(t, tokenAnswer(first), resp)
			if f, _ := failed(t, c, today); time.Until(f.NotBefore) != want {
				t.Errorf("%s: %v", header, time.Until(f.NotBefore))
			}
		})
	}
}

func TestARequestWithoutAnAnswerOccupiesTheWindowLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _ := newClient(t, tokenAnswer(first), io.EOF)
		for range 3 {
			failed(t, c, today)
		}
		f, _ := failed(t, c, today)
		if got := time.Until(f.NotBefore); got != 91500*time.Millisecond {
			t.Errorf("not before %v", got)
		}
	})
}

func TestNothingIsSentThatCannotBeRecorded(t *testing.T) {
	c, v, s := newClient(t, tokenAnswer(first))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, body := failed(t, c, today)
	if f.Class != report.Local || len(v.got) != 0 || len(kinds(body)) != 0 {
		t.Errorf("%v %v, %d requests", f.Class, f, len(v.got))
	}
}
