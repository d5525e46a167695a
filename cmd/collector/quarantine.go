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
		Short:   "Print the waiting records, oldest first, and why they wait",
		Long:    "Prints the waiting records, oldest first, with the first 200 characters of each.\nThe view quarantine has the complete records.",
		Example: "  collector quarantine list --format Vertical",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withClickHouse(command.Context(), database.Reads, func(_ *config.Config, db *database.DB) error {
				return a.query(command.Context(), db, quarantineList, format)
			})
		},
	}
	list.Flags().StringVar(&format, "format", "", "any ClickHouse format (default: a readable table)")
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

// quarantineList cuts the records, which can have a megabyte each.
const quarantineList = `SELECT at, vendor, account, reason, lower(leftPad(hex(hash), 16, '0')) AS id, detail,
	substringUTF8(raw, 1, 200) AS raw
FROM quarantine_rows FINAL WHERE resolved_at IS NULL AND NOT moved ORDER BY at, account, reason, id`

// retryQuarantine reads each waiting record again. It stores those that it can read, and marks them
// as resolved in the same batch.
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
		if r.Reason == report.UIDTwice { // it was readable; other content of its uid is stored
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
		summary += fmt.Sprintf("only the oldest %d were read; settle these before retrying the later ones, see quarantine dismiss\n", quarantineAtOnce)
	}
	_, err = fmt.Fprint(a.stdout, summary)
	return err
}

// quarantineAtOnce bounds the memory of a retry.
const quarantineAtOnce = 100_000

// readAgain parses a record by the present clock, because the clock may have been behind when it was
// read. The connection keeps the record's age, so that newer content still wins.
func readAgain(c *config.Config, r report.Reject, now time.Time) (report.Connection, *report.Reject) {
	connection, still := parser.Parse(report.Record{Raw: []byte(r.Raw), Charset: r.Charset},
		parser.Source{Account: r.Account, Location: zone(c, r.Account), FetchedAt: now})
	at := r.At.UTC()
	connection.FetchedAt, connection.FirstSeenAt, connection.Version = at, at, uint64(at.UnixMicro())
	return connection, still
}
