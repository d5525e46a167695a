package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/report"
	"alpemix-collector/sink"
)

// dismissal is the command line of quarantine dismiss.
type dismissal struct {
	sink.Dismissal
	before      string
	all, dryRun bool
}

func (a *app) dismissCommand() *cobra.Command {
	var d dismissal
	command := &cobra.Command{
		Use:   "dismiss [ID...]",
		Short: "Settle records that nobody needs",
		Long: `Marks records as settled without storing them: those with the given ids, as
printed by quarantine list, or all that match the flags. They stay in the view
quarantine, with resolved_at. A dismissed record stays dismissed even if Alpemix
serves it with different text; once it can be read, it is stored like any other.

Works while the daemon is running.`,
		Example: `  collector quarantine dismiss 9c3f0e1d2b4a5968
  collector quarantine dismiss --account main --reason dt_missing --dry-run
  collector quarantine dismiss --all`,
		RunE: func(command *cobra.Command, ids []string) error {
			if err := d.parse(ids); err != nil {
				return &usageError{command.CommandPath(), err}
			}
			may := database.Access(!d.dryRun)
			return a.withClickHouse(command.Context(), may, func(c *config.Config, db *database.DB) error {
				return a.dismiss(command.Context(), c, db, &d)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&d.Account, "account", "", "records of this account")
	flags.StringVar(&d.Reason, "reason", "", "records with this reason")
	flags.StringVar(&d.before, "before", "", "records that were read before this day, for example 2026-03-01 (UTC)")
	flags.BoolVar(&d.all, "all", false, "all waiting records")
	flags.BoolVar(&d.dryRun, "dry-run", false, "count the records and change nothing")
	return command
}

// parse reads the ids and the day, and refuses a command line that names nothing.
func (d *dismissal) parse(ids []string) error {
	d.Keys = nil
	for _, id := range ids {
		key, err := strconv.ParseUint(id, 16, 64)
		if err != nil || len(id) != 16 {
			return fmt.Errorf("%q is not an id; quarantine list prints them, for example 9c3f0e1d2b4a5968", id)
		}
		d.Keys = append(d.Keys, key)
	}
	if d.before != "" {
		day, err := report.ParseDay(d.before)
		if err != nil {
			return fmt.Errorf("--before: %w", err)
		}
		d.Before = day.UTC()
	}
	named := len(d.Keys) > 0 || d.Account != "" || d.Reason != "" || !d.Before.IsZero()
	switch {
	case !named && !d.all:
		return errors.New("no record is selected; give ids, --account, --reason or --before, or --all")
	case named && d.all:
		return errors.New("--all cannot be combined with ids or with other flags that select records")
	}
	return nil
}

func (a *app) dismiss(ctx context.Context, c *config.Config, db *database.DB, d *dismissal) error {
	if !d.dryRun {
		if err := db.Prepare(ctx); err != nil {
			return err
		}
	}
	records, err := db.Writer().ToDismiss(ctx, d.Dismissal)
	if err != nil {
		return err
	}
	if missing := d.missing(records); missing != "" {
		return fmt.Errorf("no record with the id %s is waiting; quarantine list prints those that are", missing)
	}
	done := "dismissed"
	if d.dryRun {
		done = "would be dismissed"
	} else if err := db.Writer().Dismiss(ctx, records); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%d records %s\n", len(records), done)
	return err
}

// missing returns an id that no record has, or "".
func (d *dismissal) missing(records []sink.Dismissed) string {
	found := map[uint64]bool{}
	for _, r := range records {
		found[r.Key] = true
	}
	for _, key := range d.Keys {
		if !found[key] {
			return fmt.Sprintf("%016x", key)
		}
	}
	return ""
}
