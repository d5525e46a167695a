package alpemix_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

// step is one step of a random history: a Fetch of one of two accounts, as soon as it is allowed, and
// what happens meanwhile.
type step struct {
	Account int
	Latency time.Duration // of each request; beyond the client's timeout there is no answer
	Counted float64       // at which part of the latency the vendor counts the request
	Answer  string        // to a report
	Then    string        // wait for the end, overlap with the next step, restart, kill
	After   time.Duration // how long until the next step, or until the kill
}

const testTimeout = 20 * time.Second

func steps() *rapid.Generator[[]step] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			Account: rapid.IntRange(0, 1).Draw(t, "account"),
			Latency: time.Duration(rapid.OneOf(rapid.IntRange(0, 2000), rapid.IntRange(0, 25_000)).Draw(t, "latency ms")) * time.Millisecond,
			Counted: rapid.OneOf(rapid.SampledFrom([]float64{0, 1}), rapid.Float64Range(0, 1)).Draw(t, "counted"),
			Answer:  rapid.SampledFrom([]string{"ok", "ok", "ok", "expired", "broken"}).Draw(t, "answer"),
			Then:    rapid.SampledFrom([]string{"wait", "wait", "overlap", "restart", "kill"}).Draw(t, "then"),
			After:   time.Duration(rapid.OneOf(rapid.Just(0), rapid.Just(0), rapid.IntRange(0, 3000), rapid.IntRange(0, 30_000)).Draw(t, "after ms")) * time.Millisecond,
		}
	}), 1, 60)
}

// counting is the vendor's side: it notes when it counts each request.
type counting struct {
	mu              sync.Mutex
	step            step
	tokens, reports []time.Time
	running         sync.WaitGroup
}

func (v *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	content, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	st := v.step
	v.mu.Unlock()
	isToken := strings.Contains(string(content), `"stepnumber":1,`)
	v.running.Go(func() { // the vendor counts it even if we are gone by then
		time.Sleep(time.Duration(float64(st.Latency) * st.Counted))
		v.mu.Lock()
		defer v.mu.Unlock()
		if isToken {
			v.tokens = append(v.tokens, time.Now())
		} else {
			v.reports = append(v.reports, time.Now())
		}
	})
	select {
	case <-time.After(st.Latency):
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	switch {
	case isToken:
		return reply(200, "", tokenAnswer(first)), nil
	case st.Answer == "expired":
		return reply(200, "", number(202)), nil
	case st.Answer == "broken":
		return nil, io.EOF
	}
	return reply(200, "", emptyDay), nil
}

// history plays steps; a kill continues on a copy of what the disk held at that time.
func history(t *testing.T, dir string, plan []step, v *counting) {
	var s *store.Store
	var clients [2]*alpemix.Client
	var ctx context.Context
	var die context.CancelFunc
	start := func(dir string) {
		ctx, die = context.WithCancel(t.Context())
		s = openState(t, dir)
		for i, name := range []string{"one", "two"} {
			cfg := config()
			cfg.Account, cfg.Timeout = name, testTimeout
			clients[i] = mustNew(t, cfg, s, v)
		}
	}
	start(dir)
	var stores []*store.Store
	var fetches sync.WaitGroup
	for i, st := range plan {
		v.mu.Lock()
		v.step = st
		v.mu.Unlock()
		done := make(chan struct{})
		ctx, client := ctx, clients[st.Account]
		fetches.Go(func() {
			defer close(done)
			for range 2 { // as soon as it is allowed; failures are part of the history
				_, err := client.Fetch(ctx, today)
				if err == nil || report.AsFailure(err).Class != report.Throttle {
					return
				}
				select {
				case <-time.After(time.Until(report.AsFailure(err).NotBefore)):
				case <-ctx.Done():
				}
			}
		})
		switch st.Then {
		case "kill":
			time.Sleep(st.After)
			synctest.Wait() // until every request is on its way: a copy of a file in the middle of a write is no kill
			next := filepath.Join(dir, "after", string(rune('a'+i)))
			copyState(t, dir, next)
			stores = append(stores, s)
			die() // the connections go with the process
			start(next)
			dir = next
		case "restart":
			<-done
			fetches.Wait()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			start(dir)
			time.Sleep(st.After)
		case "overlap":
			time.Sleep(st.After)
		default:
			<-done
			time.Sleep(st.After)
		}
	}
	fetches.Wait()
	v.running.Wait()
	for _, s := range append(stores, s) {
		_ = s.Close()
	}
}

func copyState(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(from, "state.db"))
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "state.db"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// most is the largest number of times within any window.
func most(moments []time.Time, window time.Duration) (n int) {
	slices.SortFunc(moments, time.Time.Compare)
	for i := range moments {
		j := i
		for j < len(moments) && moments[j].Sub(moments[i]) < window {
			j++
		}
		n = max(n, j-i)
	}
	return n
}

// TestNoHistoryBreaksTheLimits is the promise of this package: whatever the schedule, the latency, restarts and kills, the
// vendor never counts more than it allows in any 60 seconds.
func TestNoHistoryBreaksTheLimits(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		plan := steps().Draw(rt, "steps")
		stateDir, err := os.MkdirTemp(dir, "")
		if err != nil {
			rt.Fatal(err)
		}
		v := &counting{}
		synctest.Test(t, func(t *testing.T) { history(t, stateDir, plan, v) })
		if n := most(v.reports, time.Minute); n > 3 {
			rt.Fatalf("the vendor counted %d reports in a minute: %v", n, v.reports)
		}
		if n := most(v.tokens, time.Minute); n > 5 {
			rt.Fatalf("the vendor counted %d token requests in a minute: %v", n, v.tokens)
		}
		_ = os.RemoveAll(stateDir)
	})
}
