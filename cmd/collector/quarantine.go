package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/parser"
	"alpemix-collector/report"
)

func (a *app) quarantineCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "quarantine",
		Short: "List records that could not be read, read them again, or dismiss them",
		Long: `A record that cannot be read is kept with the reason, and does not hold up other
records. It is settled automatically once its connection is stored. After an
upgrade, retry reads the records again; dismiss settles those that nobody needs.

Works while the daemon is running.`,
	}
	var format string
	list := &cobra.Command{
		Use:     "list",
		Short:   "Print the records that wait, oldest first, and why",
		Long:    "Prints the records that wait, oldest first, with the first 200 characters of each; the view quarantine has all of it.",
		Example: "  collector quarantine list --format Vertical",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withClickHouse(command.Context(), database.Reads, func(_ *config.Config, db *database.DB) error {
				return a.query(command.Context(), db, quarantineList, format)
			})
		},
	}
	list.Flags().StringVar(&format, "format", "", "any ClickHouse format (default a readable table)")
	retry := &cobra.Command{
		Use:     "retry",
		Short:   "Read the records again and store what can be read now",
		Example: "  collector quarantine retry",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withClickHouse(command.Context(), database.Writes, func(c *config.Config, db *database.DB) error {
				return a.retryQuarantine(command.Context(), c, db)
			})
		},
	}
	command.AddCommand(list, retry, a.dismissCommand())
	return group(command, nil)
}

// A record may be a megabyte; whoever needs all of it asks the view.
const quarantineList = `SELECT at, vendor, account, reason, lower(leftPad(hex(hash), 16, '0')) AS id, detail,
	substringUTF8(raw, 1, 200) AS raw
FROM quarantine_rows FINAL WHERE resolved_at IS NULL AND NOT moved ORDER BY at, account, reason, id`

// retryQuarantine reads each waiting record once more. What can be read is stored and marked as resolved in one batch.
func (a *app) retryQuarantine(ctx context.Context, c *config.Config, db *database.DB) error {
	if err := db.Prepare(ctx); err != nil {
		return err
	}
	writer := db.Writer()
	rejects, err := writer.Quarantined(ctx, quarantineAtOnce)
	if err != nil {
		return err
	}
	var batch report.Batch
	now := time.Now().UTC().Truncate(time.Second)
	for _, r := range rejects {
		if r.Reason == report.UIDTwice { // it can be read, and another content of its uid is stored
			continue
		}
		connection, still := readAgain(c, r, now)
		if still != nil {
			continue
		}
		r.ResolvedAt, r.Version = now, max(uint64(now.UnixMicro()), r.Version+1) // the clock may have been set back
		batch.Connections = append(batch.Connections, connection)
		batch.Rejects = append(batch.Rejects, r)
	}
	if batch.Len() > 0 {
		if err := writer.Write(ctx, batch); err != nil {
			return fmt.Errorf("storing %d records: %w", len(batch.Connections), err)
		}
	}
	summary := fmt.Sprintf("%d records read again, %d stored, %d still wait\n", len(rejects), len(batch.Connections), len(rejects)-len(batch.Connections))
	if len(rejects) == quarantineAtOnce {
		summary += fmt.Sprintf("only the oldest %d were read; later ones wait until these are settled, see quarantine dismiss\n", quarantineAtOnce)
	}
	_, err = fmt.Fprint(a.stdout, summary)
	return err
}

// quarantineAtOnce bounds the memory of a retry.
const quarantineAtOnce = 100_000

// readAgain judges by the present clock, since the one of then may have been behind. The connection is as old as the record
// is, so that newer content of it keeps winning.
func readAgain(c *config.Config, r report.Reject, now time.Time) (report.Connection, *report.Reject) {
	connection, still := parser.Parse(report.Record{Raw: []byte(r.Raw), Charset: r.Charset},
		parser.Source{Account: r.Account, Location: zone(c, r.Account), FetchedAt: now})
	at := r.At.UTC()
	connection.FetchedAt, connection.FirstSeenAt, connection.Version = at, at, uint64(at.UnixMicro())
	return connection, still
}
