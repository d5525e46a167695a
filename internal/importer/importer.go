// Package importer stores saved bodies of Alpemix report answers on the path that a live answer takes.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/sink"
)

// Config says of which account the bodies are, and where they go.
type Config struct {
	Account   string
	Location  *time.Location // of the account's days
	FetchedAt time.Time      // when the bodies were read; zero: each file's own time
	Kept      time.Duration  // retention.connections; 0: for ever
	KeptAs    fmt.Stringer   // Kept as it was configured
	Redact    func(raw []byte) []byte
	Writer    *sink.Writer
	Stdin     io.Reader // the file "-"
	Progress  func(size int64, name string) (set func(int64), done func())
	Print     func(line string) error // what became of a file
	Complain  func(error)             // what was wrong with one, or a hint
	Waiting   Waiting
}

// Importer stores files one after another. It is for one goroutine.
type Importer struct {
	Config
	waits  map[string]bool     // uids of records in quarantine
	stored map[string]bool     // those of them that were imported
	days   map[report.Day]bool // of which connections were imported
}

// New does no I/O.
func New(c Config) *Importer {
	return &Importer{Config: c, stored: map[string]bool{}, days: map[report.Day]bool{}}
}

// Run imports the files, and settles what they have changed elsewhere. It returns how many failed;
// what was wrong with them went to Complain.
func (i *Importer) Run(ctx context.Context, files []string) (failed int, err error) {
	err = i.Waiting.For(ctx, func() (err error) {
		i.waits, err = i.Writer.Waits(ctx, i.Account)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		if err := i.file(ctx, name); err != nil {
			if ctx.Err() != nil {
				return failed, fmt.Errorf("%s: interrupted; import it again to complete it", name)
			}
			i.Complain(err)
			failed++
		}
	}
	for _, settle := range []func() error{
		func() error { return i.Writer.WithdrawMoved(ctx, i.Account) },
		func() error { return i.Writer.SettleImported(ctx, i.Account, i.stored) },
		func() error { return i.Writer.CountSealed(ctx, i.Account, i.days) },
	} {
		if err := i.Waiting.For(ctx, settle); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// file imports one file and prints what became of it, also when its end is missing.
func (i *Importer) file(ctx context.Context, name string) (err error) {
	source, err := newSource(ctx, name, i.Stdin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.remove()) }()
	started := time.Now()
	fetchedAt, err := i.readingTime(source)
	if err != nil {
		return fmt.Errorf("%s: %w", source.name, err)
	}
	judge := &judge{writer: i.Writer, account: i.Account, oldest: i.oldest(), known: map[report.Day][]sink.StoredRecord{}, charsets: map[uint64]string{}}
	var n Counts
	err = i.Waiting.while(ctx, func() (progress bool, err error) {
		n, progress, err = i.once(ctx, source, fetchedAt, judge)
		return progress, err
	})
	if _, damaged := errors.AsType[*parser.Error](err); err != nil && !damaged {
		return fmt.Errorf("%s: %w", source.name, err)
	}
	line := fmt.Sprintf("%s: %s: %s, %.1fs\n", i.Account, source.name, n.String(), time.Since(started).Seconds())
	if err := i.Print(line); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if hint := i.hint(source, fetchedAt, &n); hint != "" {
		i.Complain(errors.New(hint))
	}
	if err != nil {
		return damage(source.name, err)
	}
	return nil
}

// once reads the file from its start. Doing so again is harmless: a row is the same row however often
// it is written.
func (i *Importer) once(ctx context.Context, source *source, fetchedAt time.Time, judge *judge) (n Counts, progress bool, err error) {
	set, done := i.Progress(source.size, source.name)
	defer done()
	stream := i.Writer.Import(ctx)
	judge.unchanged, judge.older, judge.expired = 0, 0, 0
	from := parser.Source{Account: i.Account, Location: i.Location, FetchedAt: fetchedAt}
	reading := &Reading{
		Redact: i.Redact,
		Source: from,
		Add: func(c *report.Connection) error {
			if kept, err := judge.isKept(ctx, c, from); !kept {
				return err
			}
			if i.waits[c.UID] {
				i.stored[c.UID] = true
			}
			i.days[c.LocalDay] = true
			return stream.Add(c)
		},
		Quarantine: func(rejects []report.Reject) error {
			return i.Writer.Write(ctx, report.Batch{Rejects: rejects})
		},
	}
	n, err = reading.Run(ctx, func() (io.ReadCloser, error) { return source.open(set) })
	if _, damaged := errors.AsType[*parser.Error](err); err != nil && !damaged {
		stream.Abort()
	} else if closeErr := stream.Close(); closeErr != nil {
		err = closeErr
	}
	n.Unchanged, n.Older, n.Expired = n.Unchanged+judge.unchanged, judge.older, judge.expired
	return n, stream.Acknowledged() > 0, err
}

// Waiting is how a command waits for a ClickHouse that is unreachable.
type Waiting struct {
	Patience time.Duration // since something was last written
	Log      *slog.Logger
}

const (
	firstWait   = 250 * time.Millisecond
	longestWait = 10 * time.Second
)

// passing are the reasons that may pass by themselves.
var passing = []string{
	sink.ReasonUnreachable, sink.ReasonTimeout, sink.ReasonBusy, sink.ReasonKeeper, sink.ReasonTooManyParts, sink.ReasonMemory,
}

// For tries until ClickHouse is reachable, or for as long as Patience.
func (w Waiting) For(ctx context.Context, try func() error) error {
	return w.while(ctx, func() (bool, error) { return false, try() })
}

func (w Waiting) while(ctx context.Context, try func() (progress bool, err error)) error {
	lastProgress := time.Now()
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		progress, err := try()
		if progress {
			lastProgress, wait = time.Now(), firstWait
		}
		_, damaged := errors.AsType[*parser.Error](err)
		if err == nil || damaged || ctx.Err() != nil || !slices.Contains(passing, sink.Reason(err)) {
			return err
		}
		if time.Since(lastProgress)+wait > w.Patience {
			return fmt.Errorf("ClickHouse was unreachable for %s: %w", w.Patience, err)
		}
		w.Log.Warn("ClickHouse is unreachable; trying again", "reason", sink.Reason(err), "in", wait, "error", err)
		pacing.Sleep(ctx, nil, time.Now().Add(wait))
	}
}
