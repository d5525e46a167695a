package engine

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Limits on concurrent queries. More queries wait for at most maxWait. Readers cannot use the
// daemon's places, and one client cannot use all of the readers'.
const (
	maxReaders   = 8
	maxPerClient = 6
	maxDaemon    = 16
	maxWait      = 30 * time.Second
)

// slowAfter is how long a client may leave its answer unread while others wait for its place.
const slowAfter = 3 * time.Second

// places limits concurrent queries.
type places struct {
	all, each int // each is the limit of one client

	mu      sync.Mutex
	taken   map[*place]bool
	changed chan struct{} // closed at the next change
}

// place is the place of one running query.
type place struct {
	client  string
	since   time.Time // when the current write to the client started; zero if none is running
	control *http.ResponseController
}

func newPlaces(all, each int) *places {
	return &places{all: all, each: each, taken: make(map[*place]bool), changed: make(chan struct{})}
}

// take waits for a place and returns it. If others wait, a client that does not read its answer
// loses its place.
func (p *places) take(ctx context.Context, client string, control *http.ResponseController) (*place, error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for {
		p.mu.Lock()
		running := 0
		for t := range p.taken {
			if t.client == client {
				running++
			}
		}
		if len(p.taken) < p.all && running < p.each {
			t := &place{client: client, control: control}
			p.taken[t] = true
			p.mu.Unlock()
			return t, nil
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(slowAfter / 4):
			p.dropSlowest()
		case <-ctx.Done():
			return nil, refuse(codeTooManyQueries, "%d queries are running; try again later", p.all)
		}
	}
}

func (p *places) release(t *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken, t)
	close(p.changed)
	p.changed = make(chan struct{})
}

// writing records that a write to the client of t starts or has finished.
func (p *places) writing(t *place, starts bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.since = time.Time{}
	if starts {
		t.since = time.Now()
	}
}

// dropWrite stops a running write to the client of t.
func (p *places) dropWrite(t *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !t.since.IsZero() {
		t.control.SetWriteDeadline(time.Now())
	}
}

// dropSlowest stops the longest-running write if it is older than slowAfter.
func (p *places) dropSlowest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	var slowest *place
	for t := range p.taken {
		if !t.since.IsZero() && time.Since(t.since) > slowAfter && (slowest == nil || t.since.Before(slowest.since)) {
			slowest = t
		}
	}
	if slowest != nil {
		slowest.control.SetWriteDeadline(time.Now())
	}
}
