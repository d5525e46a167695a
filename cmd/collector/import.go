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

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/internal/importer"
	"alpemix-collector/parser"
	"alpemix-collector/vendorhttp"
)

// importing is one run of the import command.
type importing struct {
	*app
	config    *config.Config
	account   string
	fetchedAt time.Time // zero: each file's own time
	patience  time.Duration
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

When a connection was collected live too, the newer content counts; what is older
than the stored content is counted as such. A file's time says when its content was read; --fetched-at overrides it. Neither counts
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
	if i.fetchedAt = at; at.After(now) {
		i.fetchedAt = now
	}
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
	db, err := i.opener(i.config).Open(ctx, database.Writes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	waiting := importer.Waiting{Patience: i.patience, Log: i.logger(i.config)}
	if err := waiting.For(ctx, func() error { return db.Prepare(ctx) }); err != nil {
		return err
	}
	if err := waiting.For(ctx, func() error { return i.follow(ctx, db.Writer()) }); err != nil {
		return err
	}
	failed, err := importer.New(importer.Config{
		Account: i.account, Location: zone(i.config, i.account), FetchedAt: i.fetchedAt,
		Kept: i.config.Retention.Connections.Std(), KeptAs: i.config.Retention.Connections,
		Redact: redactor(i.config, i.account), Writer: db.Writer(), Stdin: i.stdin, Progress: i.show,
		Print:    func(line string) error { _, err := io.WriteString(i.stdout, line); return err },
		Complain: i.complain, Waiting: waiting,
	}).Run(ctx, files)
	if err == nil && failed > 0 {
		err = errFailed
	}
	return err
}

// show draws how much of a file is read. A bar that cannot be drawn is no reason to stop.
func (i *importing) show(size int64, name string) (set func(int64), done func()) {
	bar := i.progress(size, name, progressbar.OptionShowBytes(true))
	return func(read int64) { _ = bar.Set64(read) }, func() { _ = bar.Finish() }
}
