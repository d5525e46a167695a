package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/pacing"
	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/sink"
	"alpemix-collector/vendorhttp"
)

// importing is one run of the import command.
type importing struct {
	*app
	config    *config.Config
	account   string
	fetchedAt time.Time // zero: each file's own time
	patience  time.Duration
	writer    *sink.Writer
	waits     map[string]bool     // uids of records in quarantine
	stored    map[string]bool     // those of them that were imported
	days      map[report.Day]bool // local days of which connections were imported
}

func (a *app) importCommand() *cobra.Command {
	i := &importing{app: a}
	var fetchedAt string
	command := &cobra.Command{
		Use:   "import FILE...",
		Short: "Store saved Alpemix report bodies",
		Long: `Stores saved bodies of Alpemix report answers, on the path that a live answer
takes: records that cannot be read go to quarantine, and a file that is imported
twice is stored once, and counted as unchanged. Connections older than
retention.connections are not stored. Files may be compressed with zstd or gzip;
- is standard input.

When a connection was collected live too, the newer content counts. A file's
time says when its content was read; --fetched-at overrides it. Neither counts
as later than now.

Works while the daemon is running.`,
		Example: `  collector import --account main reports/2026-03-*.json.zst
  curl … | collector import --account main -`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			if err := i.prepare(fetchedAt); err != nil {
				return err
			}
			return i.run(command.Context(), files)
		},
	}
	flags := command.Flags()
	flags.StringVar(&i.account, "account", "", "account that the reports are of (needed unless the configuration has exactly one)")
	flags.StringVar(&fetchedAt, "fetched-at", "", "when the reports were read, for example 2026-03-01T09:30:00+03:00 (default: the file's time)")
	flags.DurationVar(&i.patience, "wait", 2*time.Minute, "how long to wait for a ClickHouse that is unreachable")
	return command
}

func (i *importing) prepare(fetchedAt string) (err error) {
	i.brief = true
	if i.config, err = i.load(); err != nil {
		return err
	}
	if err = i.refuseDemo(i.config); err != nil {
		return err
	}
	var names []string
	for _, a := range i.config.Alpemix.Accounts {
		names = append(names, a.Name)
	}
	if i.account, err = accountNamed(names, i.account); err != nil {
		return &usageError{"collector import", err}
	}
	if fetchedAt == "" {
		return nil
	}
	now := time.Now()
	at, err := time.Parse(time.RFC3339, fetchedAt)
	if err != nil || at.Unix() < parser.FirstMoment || at.After(now.Add(parser.Grace)) {
		return &usageError{"collector import", fmt.Errorf("--fetched-at %q is not a time like 2026-03-01T09:30:00+03:00 that has been", fetchedAt)}
	}
	i.fetchedAt = earlier(at, now)
	return nil
}

// accountNamed checks a name against those in the configuration; the only account needs no name.
func accountNamed(known []string, name string) (string, error) {
	switch {
	case name == "" && len(known) == 1:
		return known[0], nil
	case name == "":
		return "", errors.New("--account is missing" + among(known))
	case len(known) > 0 && !slices.Contains(known, name):
		return "", fmt.Errorf("--account %q is not in the configuration%s", name, among(known))
	}
	return name, nil
}

func among(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; there are " + strings.Join(names, ", ")
}

// zone is the account's; an account that the configuration does not have is in the top-level zone.
func zone(c *config.Config, account string) *time.Location {
	for i := range c.Alpemix.Accounts {
		if a := &c.Alpemix.Accounts[i]; a.Name == account {
			return a.Location()
		}
	}
	return c.Location()
}

// redactor takes the secret key of an account out of records, as the daemon does. An account that is
// not configured has none.
func redactor(c *config.Config, account string) func(raw []byte) []byte {
	for i := range c.Alpemix.Accounts {
		if a := &c.Alpemix.Accounts[i]; a.Name == account {
			return vendorhttp.NewRedactor([]string{a.SecretKey.Reveal()}).Record
		}
	}
	return nil
}

// importMemory is what the runtime may hold, in bytes: with the pages of the binary, an import then stays below 64 MB.
const importMemory = 44 << 20

func (i *importing) run(ctx context.Context, files []string) (err error) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(importMemory))
	db, err := i.openClickHouse(ctx, i.config, writes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := i.patiently(ctx, func() (bool, error) { return false, db.prepare(ctx, i.config.Retention) }); err != nil {
		return err
	}
	i.writer, i.stored, i.days = db.Writer(), map[string]bool{}, map[report.Day]bool{}
	if err := i.patiently(ctx, func() (bool, error) { return false, i.follow(ctx) }); err != nil {
		return err
	}
	err = i.patiently(ctx, func() (_ bool, err error) {
		i.waits, err = i.writer.Waits(ctx, i.account)
		return false, err
	})
	if err != nil {
		return err
	}
	var failures int
	for _, name := range files {
		if err := i.file(ctx, name); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%s: interrupted; import it again to complete it", name)
			}
			i.complain(err)
			failures++
		}
	}
	if err := i.patiently(ctx, func() (bool, error) { return false, i.writer.WithdrawMoved(ctx, i.account) }); err != nil {
		return err
	}
	err = i.patiently(ctx, func() (bool, error) { return false, i.writer.SettleImported(ctx, i.account, i.stored) })
	if err != nil {
		return err
	}
	if err := i.patiently(ctx, func() (bool, error) { return false, i.writer.CountSealed(ctx, i.account, i.days) }); err != nil {
		return err
	}
	if failures > 0 {
		return errFailed
	}
	return nil
}

// file imports one file and prints what became of it, also when its end is missing.
func (i *importing) file(ctx context.Context, name string) (err error) {
	source, err := i.newSource(ctx, name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.remove()) }()
	started := time.Now()
	fetchedAt, err := i.readingTime(source)
	if err != nil {
		return fmt.Errorf("%s: %w", source.name, err)
	}
	judge := &fileJudge{writer: i.writer, account: i.account, oldest: i.oldest(), known: map[report.Day][]uint64{}}
	var n ingested
	err = i.patiently(ctx, func() (progress bool, err error) {
		n, progress, err = i.once(ctx, source, fetchedAt, judge)
		return progress, err
	})
	if _, damaged := errors.AsType[*parser.Error](err); err != nil && !damaged {
		return fmt.Errorf("%s: %w", source.name, err)
	}
	if _, err := fmt.Fprintf(i.stdout, "%s: %s: %s, %.1fs\n", i.account, source.name, n.String(), time.Since(started).Seconds()); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if hint := i.hint(source, fetchedAt, &n); hint != "" {
		i.complain(errors.New(hint))
	}
	if err != nil {
		return damage(source.name, err)
	}
	return nil
}

// once reads the file from its beginning. Doing so again is harmless: a row is the same row however often it is written.
func (i *importing) once(ctx context.Context, source *source, fetchedAt time.Time, judge *fileJudge) (n ingested, progress bool, err error) {
	bar := i.progress(source.size, source.name, progressbar.OptionShowBytes(true))
	defer func() { _ = bar.Finish() }() // a bar that cannot be drawn is no reason to stop
	stream := i.writer.Import(ctx)
	judge.unchanged, judge.expired = 0, 0
	in := &ingest{
		redact: redactor(i.config, i.account),
		source: parser.Source{Account: i.account, Location: zone(i.config, i.account), FetchedAt: fetchedAt},
		add: func(c *report.Connection) error {
			if kept, err := judge.isKept(ctx, c); !kept {
				return err
			}
			if i.waits[c.UID] {
				i.stored[c.UID] = true
			}
			i.days[c.LocalDay] = true
			return stream.Add(c)
		},
		quarantine: func(rejects []report.Reject) error {
			return i.writer.Write(ctx, report.Batch{Rejects: rejects})
		},
	}
	n, err = in.run(ctx, func() (io.ReadCloser, error) {
		return source.open(func(done int64) { _ = bar.Set64(done) })
	})
	if _, damaged := errors.AsType[*parser.Error](err); err != nil && !damaged {
		stream.Abort()
	} else if closeErr := stream.Close(); closeErr != nil {
		err = closeErr
	}
	n.unchanged, n.expired = n.unchanged+judge.unchanged, judge.expired
	return n, stream.Acknowledged() > 0, err
}

// waitedOut are the reasons that time alone may mend.
var waitedOut = []string{
	sink.ReasonUnreachable, sink.ReasonTimeout, sink.ReasonBusy, sink.ReasonKeeper, sink.ReasonTooManyParts, sink.ReasonMemory,
}

// patiently tries again while ClickHouse is away: for as long as i.patience since something was last written.
func (i *importing) patiently(ctx context.Context, try func() (progress bool, err error)) error {
	lastProgress := time.Now()
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		progress, err := try()
		if progress {
			lastProgress, wait = time.Now(), firstWait
		}
		_, damaged := errors.AsType[*parser.Error](err)
		if err == nil || damaged || ctx.Err() != nil || !slices.Contains(waitedOut, sink.Reason(err)) {
			return err
		}
		if time.Since(lastProgress)+wait > i.patience {
			return fmt.Errorf("ClickHouse was away for %s: %w", i.patience, err)
		}
		i.logger(i.config).Warn("ClickHouse is away; trying again", "reason", sink.Reason(err), "in", wait, "error", err)
		pacing.Sleep(ctx, nil, time.Now().Add(wait))
	}
}

const (
	firstWait   = 250 * time.Millisecond
	longestWait = 10 * time.Second
)
