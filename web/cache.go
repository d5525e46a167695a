package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// usageFor is the least time for which an answer is reused: as long as the time between two
	// polls of today.
	usageFor = 10 * time.Second
	// usageShare limits the page's share of ClickHouse's time: an answer is reused for at least
	// this many times as long as the query took.
	usageShare = 20
	// usageTimeout cancels a query to a ClickHouse that does not answer.
	usageTimeout = 20 * time.Second
	// usagePatience is how long a browser waits for a new answer before it gets the previous one.
	usagePatience = time.Second
)

// usageCache runs at most one query at a time, and no more often than the limits above allow,
// however many browsers are open. It runs none while no browser is.
type usageCache struct {
	ask    func(context.Context) (*Usage, error)
	ctx    context.Context // of the queries, which outlive the request that started them
	cancel context.CancelFunc

	mu      sync.Mutex
	last    UsageAnswer
	next    time.Time     // last is reused until then
	running chan struct{} // closed when the running query has finished; nil if none runs
}

func newUsageCache(ask func(context.Context) (*Usage, error)) *usageCache {
	c := &usageCache{ask: ask}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// close cancels a running query and waits for it. After that the page no longer uses ClickHouse.
func (c *usageCache) close() {
	c.cancel()
	c.mu.Lock()
	running := c.running
	c.mu.Unlock()
	if running != nil {
		<-running
	}
}

// get returns the newest answer that is available within usagePatience.
func (c *usageCache) get(ctx context.Context) UsageAnswer {
	c.mu.Lock()
	if c.running == nil && !time.Now().Before(c.next) && c.ctx.Err() == nil {
		c.running = make(chan struct{})
		go c.refresh(c.running)
	}
	running := c.running
	c.mu.Unlock()
	if running != nil {
		patience := time.NewTimer(usagePatience)
		defer patience.Stop()
		select {
		case <-running:
		case <-patience.C:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *usageCache) refresh(done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(c.ctx, usageTimeout)
	defer cancel()
	start := time.Now()
	usage, err := c.ask(ctx)
	ended := time.Now()
	took := ended.Sub(start)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = nil
	if usage == nil && err == nil {
		c.next = ended.Add(usagePatience)
		return
	}
	c.next = ended.Add(max(usageFor, usageShare*took))
	if err != nil {
		c.next = ended.Add(usageFor)
		failed := &UsageError{Message: err.Error(), Since: start.UTC()}
		if a, ok := errors.AsType[interface {
			error
			Answered() bool
		}](err); ok {
			failed.Answered = a.Answered()
		}
		if c.last.Error != nil {
			failed.Since = c.last.Error.Since
		}
		c.last.Error = failed
		return
	}
	c.last = UsageAnswer{At: new(start.UTC().Truncate(time.Second)), Seconds: took.Seconds(), Usage: usage}
}
