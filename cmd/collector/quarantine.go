package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/parser"
	"alpemix-collector/report"
)

func (a *app) quarantineCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "quarantine",
		Short: "List records that could not be read, or read them again",
		Long: `A record that cannot be read is kept with the reason, and does not hold up its
neighbours. A later version may read it: retry does that.

Works beside a running daemon.`,
	}
	var format string
	list := &cobra.Command{
		Use:     "list",
		Short:   "Print the records that wait, oldest first, and why",
		Example: "  collector quarantine list --format Vertical",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withClickHouse(command.Context(), func(_ *config.Config, db *clickHouse) error {
				return db.Query(command.Context(), quarantineList, format, a.stdout)
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
			return a.withClickHouse(command.Context(), func(c *config.Config, db *clickHouse) error {
				return a.retryQuarantine(command.Context(), c, db)
			})
		},
	}
	command.AddCommand(list, retry)
	return group(command)
}

const quarantineList = "SELECT at, vendor, account, reason, detail, raw FROM quarantine WHERE resolved_at IS NULL ORDER BY at, account, reason"

// retryQuarantine reads each waiting record as if it had just arrived at the time it did. What can be read is stored and
// marked as resolved in one batch.
func (a *app) retryQuarantine(ctx context.Context, c *config.Config, db *clickHouse) error {
	if err := db.prepare(ctx, c.Retention); err != nil {
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
		connection, still := readAgain(c, r)
		if still != nil {
			continue
		}
		r.ResolvedAt, r.Version = now, uint64(now.UnixMicro())
		batch.Connections = append(batch.Connections, connection)
		batch.Rejects = append(batch.Rejects, r)
	}
	if batch.Len() > 0 {
		if err := writer.Write(ctx, batch); err != nil {
			return fmt.Errorf("storing %d records: %w", len(batch.Connections), err)
		}
	}
	_, err = fmt.Fprintf(a.stdout, "%d records read again, %d stored, %d still wait\n", len(rejects), len(batch.Connections), len(rejects)-len(batch.Connections))
	return err
}

// quarantineAtOnce bounds the memory of a retry; what is beyond waits for the next one.
const quarantineAtOnce = 100_000

func readAgain(c *config.Config, r report.Reject) (report.Connection, *report.Reject) {
	raw := []byte(r.Raw)
	return parser.Parse(report.Record{Raw: raw, Literal: parser.Detect(raw)},
		parser.Source{Account: r.Account, Location: zone(c, r.Account), FetchedAt: r.At})
}
