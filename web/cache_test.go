package web

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestUsageQueryIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, took := 0, 200*time.Millisecond
		c := newUsageCache(func(context.Context) (*Usage, error) {
			asked++
			time.Sleep(took)
			return &Usage{CustomerCount: uint64(asked)}, nil
		})
		defer c.close()
		var g sync.WaitGroup
		for range 50 {
			g.Go(func() {
				if a := c.get(t.Context()); a.Usage == nil || a.Usage.CustomerCount != 1 {
					t.Errorf("%+v", a)
				}
			})
		}
		g.Wait()
		time.Sleep(usageFor - time.Second)
		c.get(t.Context())
		if asked != 1 {
			t.Errorf("%d queries within %s", asked, usageFor)
		}
		time.Sleep(time.Second)
		if a := c.get(t.Context()); asked != 2 || a.Usage.CustomerCount != 2 || a.Seconds != took.Seconds() {
			t.Errorf("%d queries: %+v", asked, a)
		}

		// A slow ClickHouse is queried less often, and no request waits for it.
		took = 3 * time.Second
		time.Sleep(usageFor)
		start := time.Now()
		if a := c.get(t.Context()); a.Usage.CustomerCount != 2 || time.Since(start) != usagePatience {
			t.Errorf("after %s: %+v", time.Since(start), a)
		}
		time.Sleep(took + usageShare*took - usagePatience - time.Millisecond)
		if a := c.get(t.Context()); a.Usage.CustomerCount != 3 || asked != 3 {
			t.Errorf("%d queries: %+v", asked, a)
		}
		time.Sleep(time.Millisecond)
		c.get(t.Context())
		if synctest.Wait(); asked != 4 {
			t.Errorf("%d queries", asked)
		}
	})
}

func TestUsageQueryFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answer *Usage
		var err error
		c := newUsageCache(func(context.Context) (*Usage, error) { return answer, err })
		defer c.close()
		for _, step := range []struct {
			name   string
			usage  *Usage
			err    error
			known  bool
			failed time.Duration // since when; 0: it does not fail
		}{
			{"not opened", nil, nil, false, 0},
			{"down from the start", nil, errors.New("refused"), false, time.Nanosecond},
			{"still down", nil, errors.New("reset"), false, usageFor},
			{"up", &Usage{}, nil, true, 0},
			{"down", nil, errors.New("refused"), true, time.Nanosecond},
			{"up again", &Usage{}, nil, true, 0},
		} {
			answer, err = step.usage, step.err
			a := c.get(t.Context())
			if (a.Usage != nil) != step.known || (a.At != nil) != step.known || (a.Error != nil) != (step.failed > 0) {
				t.Errorf("%s: %+v", step.name, a)
			}
			if a.Error != nil && (a.Error.Message != err.Error() || time.Since(a.Error.Since)+time.Nanosecond < step.failed) {
				t.Errorf("%s: %+v", step.name, a.Error)
			}
			time.Sleep(usageFor)
		}
	})
}

// TestUsageStopsWithTheServer: a running query has stopped when Run returns, and a query that hangs
// is canceled.
func TestUsageStopsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		c := newUsageCache(func(ctx context.Context) (*Usage, error) {
			<-ctx.Done()
			ended++
			return nil, ctx.Err()
		})
		c.get(t.Context())
		time.Sleep(usageTimeout)
		synctest.Wait()
		if a := c.get(t.Context()); ended != 1 || a.Error == nil {
			t.Errorf("%d %+v", ended, a)
		}
		time.Sleep(usageFor)
		gone, leave := context.WithCancel(t.Context())
		leave()
		c.get(gone)
		c.close()
		if ended != 2 {
			t.Error("a query outlives the server")
		}
		c.get(t.Context())
		if synctest.Wait(); ended != 2 {
			t.Error("a query after close")
		}
	})
}
