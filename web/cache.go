package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// usageFor is how long an answer does at least: what is shown is as new as a reading of today is.
	usageFor = 10 * time.Second
	// usageShare bounds the share of ClickHouse's time that the page takes: after an answer it rests so many times as long.
	usageShare = 20
	// usageTimeout ends a question to a ClickHouse that does not answer.
	usageTimeout = 20 * time.Second
	// usagePatience is how long a browser waits for an answer; after that it is shown what was known before.
	usagePatience = time.Second
)

// usageCache asks ClickHouse at most once at a time, and not more often than it is worth, however many browsers look. It asks
// only while one does.
type usageCache struct {
	ask    func(context.Context) (*Usage, error)
	ctx    context.Context // of the questions, which outlive the request that caused them
	cancel context.CancelFunc

	mu      sync.Mutex
	last    UsageAnswer
	next    time.Time     // until then last does
	running chan struct{} // closed when the question that runs has ended; nil while none does
}

func newUsageCache(ask func(context.Context) (*Usage, error)) *usageCache {
	c := &usageCache{ask: ask}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// close ends a question that runs, and waits for its end: after it nobody uses ClickHouse on behalf of the page.
func (c *usageCache) close() {
	c.cancel()
	c.mu.Lock()
	running := c.running
	c.mu.Unlock()
	if running != nil {
		<-running
	}
}

// get is the newest answer that is to be had soon.
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
	began := time.Now()
	usage, err := c.ask(ctx)
	ended := time.Now()
	took := ended.Sub(began)

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
		failed := &UsageError{Message: err.Error(), Since: began.UTC()}
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
	c.last = UsageAnswer{At: new(began.UTC().Truncate(time.Second)), Seconds: took.Seconds(), Usage: usage}
}
