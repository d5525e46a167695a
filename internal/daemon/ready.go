package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"alpemix-collector/internal/durable"
	"alpemix-collector/report"
)

// probing finds out whether the state folder takes what is written: without that no report can be accepted.
type probing struct {
	dir   string
	every time.Duration // an answer is as old as this at most
	limit time.Duration // of one probe

	mu   sync.Mutex
	at   time.Time
	last chan error // of the probe that was started at that time; has room for its result
	err  error      // once it is known
}

func newProbing(dir string) *probing {
	return &probing{dir: dir, every: 5 * time.Second, limit: 3 * time.Second}
}

// check is nil when a probe of the last seconds was written to the disk. A disk that hangs costs one probe, however often it
// is asked.
func (p *probing) check() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		if time.Since(p.at) < p.every {
			return p.err
		}
		p.at, p.last = time.Now(), make(chan error, 1)
		go func(result chan<- error) { result <- Probe(p.dir) }(p.last)
	}
	ctx, cancel := context.WithDeadline(context.Background(), p.at.Add(p.limit))
	defer cancel()
	select {
	case p.err = <-p.last:
		p.last = nil
	case <-ctx.Done(): // from then on nobody waits for it
		return fmt.Errorf("state_dir %s: a write has not finished for %s", p.dir, time.Since(p.at).Truncate(time.Second))
	}
	if p.err != nil {
		p.err = fmt.Errorf("state_dir %s cannot be written: %w", p.dir, p.err)
	}
	return p.err
}

// Probe writes a block to the disk and removes it again.
func Probe(dir string) error {
	f, err := os.CreateTemp(dir, ".ready-*")
	if err != nil {
		return durable.Bare(err)
	}
	_, err = f.Write(make([]byte, os.Getpagesize()))
	err = errors.Join(durable.Bare(err), durable.Bare(f.Sync()), durable.Bare(f.Close()), durable.Bare(os.Remove(f.Name())))
	return err
}

// ready is nil while reports are accepted, whether ClickHouse is there or not.
func (d *Daemon) ready() error {
	if err := d.probing.check(); err != nil {
		return err
	}
	if err := d.State.Intact(); err != nil {
		return err
	}
	for _, a := range d.collector.Facts().Accounts {
		if a.Failure != nil && a.Failure.Class == report.Local {
			return a.Failure
		}
	}
	for _, a := range d.Jobs.Facts().Accounts {
		if a.Failure != nil && a.Failure.Class == report.Local {
			return a.Failure
		}
	}
	return nil
}
