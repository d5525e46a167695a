package collector

import (
	"context"
	"fmt"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// Limits of a batch. ClickHouse prefers few large inserts; the bytes limit memory after an outage.
const (
	batchRows  = 10_000
	batchBytes = 4 << 20
)

// Waits between tries of a batch. They never end: whatever ClickHouse answers, rows are not
// dropped.
const (
	retryFirst = time.Second
	retryMost  = 30 * time.Second
)

// fetchesEvery is how long the rows about requests wait to be written together with others. A poll
// that brings nothing new must not cause a write to ClickHouse.
const fetchesEvery = 10 * time.Minute

// drain writes the queue to ClickHouse, in order, and seals days after reading their rows back.
type drain struct {
	collector *Collector
	wake      chan struct{}
	failures  int // in a row
	flushedAt time.Time
	zones     map[string]*time.Location

	consulting consultState
}

func newDrain(c *Collector) *drain {
	return &drain{collector: c, wake: make(chan struct{}, 1), zones: map[string]*time.Location{}}
}

// run writes until ctx is done.
func (d *drain) run(ctx context.Context) {
	d.flushedAt = time.Now()
	for ctx.Err() == nil {
		more, err := d.step(ctx, pacing.Reached(d.flushedAt.Add(fetchesEvery), time.Now()))
		switch {
		case ctx.Err() != nil:
		case err != nil:
			d.consulting.at = time.Time{} // the next answer may come from another database
			wait := pacing.Growing(retryFirst, retryMost, d.failures)
			d.failures++
			d.collector.observer.writeFailed(err, wait)
			pacing.Sleep(ctx, nil, time.Now().Add(wait))
		case more:
			d.failures = 0
		default:
			pacing.Sleep(ctx, d.wake, d.flushedAt.Add(fetchesEvery))
		}
	}
}

// flush writes everything that waits. It stops at the first failure, or at a step that takes longer
// than most, because the queue is on disk.
func (d *drain) flush(ctx context.Context, most time.Duration) error {
	step := func() (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		return d.step(ctx, true)
	}
	for {
		more, err := step()
		if err != nil {
			rows, _ := d.collector.store.QueueStats()
			return fmt.Errorf("what waits for ClickHouse (%d rows) stays on disk and is written at the next start: %w", rows, err)
		}
		if !more {
			return nil
		}
	}
}

// step writes one batch, or seals, and reports whether there may be more to do.
func (d *drain) step(ctx context.Context, withFetches bool) (more bool, err error) {
	c := d.collector
	if err := d.consult(ctx); err != nil {
		return false, fmt.Errorf("asking ClickHouse what it holds: %w", err)
	}
	queued, ok, err := c.store.Next(batchRows, batchBytes, withFetches)
	if err != nil {
		return false, err
	}
	if !ok {
		if withFetches {
			d.flushedAt = time.Now()
		}
		if more, err := d.compare(ctx); more || err != nil {
			return more, err
		}
		if more, err := d.loseDays(ctx); more || err != nil {
			return more, err
		}
		return d.sealAll(ctx)
	}
	batch, err := d.parse(queued)
	if err != nil {
		return false, err
	}
	if err := c.writer.Write(ctx, batch); err != nil {
		return false, err
	}
	if err := c.store.Ack(queued); err != nil {
		return false, err // it is written again; the rows' identity and the token make that harmless
	}
	if len(queued.Fetches) > 0 {
		d.flushedAt = time.Now()
	}
	c.observer.written(batch)
	return true, nil
}

// parse converts queued records to rows. It is deterministic, so a batch that is retried is
// identical.
func (d *drain) parse(queued report.QueuedBatch) (report.Batch, error) {
	batch := report.Batch{
		Connections: make([]report.Connection, 0, len(queued.Entries)), Allotments: queued.Allotments, Snapshots: queued.Snapshots,
		Provisionings: queued.Provisionings, Customers: queued.Customers, Days: queued.Days, Fetches: queued.Fetches,
	}
	for _, e := range queued.Entries {
		zone, err := d.zone(e.Timezone)
		if err != nil {
			return batch, err
		}
		rec := report.Record{Raw: e.Raw, Charset: e.Charset}
		conn, reject := decode(rec, parser.Source{Account: e.Account, Location: zone, FetchedAt: e.FetchedAt})
		if e.Twin && reject == nil {
			reject = parser.Twin(&conn)
		}
		if reject != nil {
			reject.Version = e.Version
			batch.Rejects = append(batch.Rejects, *reject)
			continue
		}
		conn.FirstSeenAt, conn.Version = e.FirstSeenAt, e.Version
		if !e.MovedFrom.IsZero() {
			old := conn
			old.StartedAt, old.Deleted = e.MovedFrom, true
			batch.Connections = append(batch.Connections, old)
		}
		batch.Connections = append(batch.Connections, conn)
	}
	return batch, nil
}

func (d *drain) zone(name string) (*time.Location, error) {
	if zone := d.zones[name]; zone != nil {
		return zone, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("queued records are in time zone %q, which this machine does not know: %w", name, err)
	}
	d.zones[name] = zone
	return zone, nil
}
