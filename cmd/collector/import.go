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

// importRun is one run of the import command.
type importRun struct {
	*app
	config    *config.Config
	account   string
	fetchedAt time.Time // zero: each file's own time
	patience  time.Duration
}

func (a *app) importCommand() *cobra.Command {
	i := &importRun{app: a}
	var fetchedAt string
	command := &cobra.Command{
		Use:   "import FILE...",
		Short: "Store saved Alpemix report bodies",
		Long: `Stores saved bodies of Alpemix reports, in the same way as a live answer: records
that cannot be read go to quarantine, and a file that is imported twice is stored
once and counted as unchanged. Connections older than retention.connections are
not stored. Files may be compressed with zstd or gzip; - is standard input.

If a connection was collected live, too, the newer content wins, and an older
record is counted as older. A file's modification time says when its content was
read; --fetched-at overrides it. A time in the future counts as now.

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
	flags.StringVar(&i.account, "account", "", "account of the reports (required unless exactly one is configured)")
	flags.StringVar(&fetchedAt, "fetched-at", "", "when the reports were read, for example 2026-03-01T09:30:00+03:00 (default: the file's modification time)")
	flags.DurationVar(&i.patience, "wait", 2*time.Minute, "how long to wait for a ClickHouse that is unreachable")
	return command
}

func (i *importRun) prepare(fetchedAt string) (err error) {
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
		return &usageError{"collector import", fmt.Errorf("--fetched-at %q is not a past time like 2026-03-01T09:30:00+03:00", fetchedAt)}
	}
	if i.fetchedAt = at; at.After(now) {
		i.fetchedAt = now
	}
	return nil
}

// accountNamed checks that an account of this name is configured. Without a name it returns the only
// account.
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
	return "; configured: " + strings.Join(names, ", ")
}

// zone returns the time zone of an account: the top-level one if the account is not configured.
func zone(c *config.Config, account string) *time.Location {
	for i := range c.Alpemix.Accounts {
		if a := &c.Alpemix.Accounts[i]; a.Name == account {
			return a.Location()
		}
	}
	return c.Location()
}

// redactor returns what removes the secret key of an account from records, as the daemon does. It is
// nil for an account that is not configured.
func redactor(c *config.Config, account string) func(raw []byte) []byte {
	for i := range c.Alpemix.Accounts {
		if a := &c.Alpemix.Accounts[i]; a.Name == account {
			return vendorhttp.NewRedactor([]string{a.SecretKey.Reveal()}).Record
		}
	}
	return nil
}

// importMemory bounds the memory of the Go runtime, in bytes: with the pages of the binary, an import
// then stays below 64 MB.
const importMemory = 44 << 20

func (i *importRun) run(ctx context.Context, files []string) (err error) {
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

// show draws how much of a file has been read. A failure to draw does not stop the import.
func (i *importRun) show(size int64, name string) (set func(int64), done func()) {
	bar := i.progress(size, name, progressbar.OptionShowBytes(true))
	return func(read int64) { _ = bar.Set64(read) }, func() { _ = bar.Finish() }
}
