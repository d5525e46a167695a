package engine

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Queries that run at once; more wait for their turn, for at most maxWait. Readers cannot take the daemon's places, nor one
// client all of the readers'.
const (
	maxReaders   = 8
	maxPerClient = 6
	maxDaemon    = 16
	maxWait      = 30 * time.Second
)

// slowAfter is how long a client may leave its answer lying while others wait for its place.
const slowAfter = 3 * time.Second

// places are for queries that run at once.
type places struct {
	all, each int // each: for one client

	mu      sync.Mutex
	taken   map[*place]bool
	changed chan struct{} // closed at the next change
}

// place is that of one running query.
type place struct {
	client  string
	since   time.Time // that a write to the client waits; zero if none does
	control *http.ResponseController
}

func newPlaces(all, each int) *places {
	return &places{all: all, each: each, taken: make(map[*place]bool), changed: make(chan struct{})}
}

// take waits for a place and returns it. A client that does not read its answer loses its place to who waits.
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

// writing notes that a write to the client of t begins, or has ended.
func (p *places) writing(t *place, begins bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.since = time.Time{}
	if begins {
		t.since = time.Now()
	}
}

// dropWrite ends a write to the client of t that waits.
func (p *places) dropWrite(t *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !t.since.IsZero() {
		t.control.SetWriteDeadline(time.Now())
	}
}

// dropSlowest ends the write that has waited longest, if it has waited for long.
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
