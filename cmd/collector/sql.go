package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/internal/terminal"
	"alpemix-collector/sink"
)

func (a *app) sqlCommand() *cobra.Command {
	var format string
	var write bool
	command := &cobra.Command{
		Use:   "sql 'SELECT ...'",
		Short: "Run SQL on the configured ClickHouse",
		Long: `Runs one statement on the configured ClickHouse, in the database of the tables,
and prints the answer. - reads the statement from standard input. A FORMAT clause
in the statement wins over --format.

Over clickhouse:// the formats are tables, CSVWithNames, TSVWithNames and
JSONEachRow; over http(s):// and the embedded engine all formats of ClickHouse.

Control characters in names are escaped in a table, and in any format on a
terminal. Every other format is exact in a file or pipe.

The statement can only read. With --write it has all rights of the configured
user; --write is also needed if that user's profile sets readonly.

Works while the daemon is running.`,
		Example: `  collector sql 'SELECT account, day, state FROM days ORDER BY day DESC LIMIT 5'
  collector sql --format CSVWithNames 'SELECT * FROM daily_usage' > usage.csv
  collector sql - < report.sql`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			statement := args[0]
			if statement == "-" {
				text, err := terminal.Await(command.Context(), func() ([]byte, error) { return io.ReadAll(a.stdin) })
				if err != nil {
					return fmt.Errorf("reading the statement from standard input: %w", err)
				}
				statement = string(text)
			}
			if strings.TrimSpace(statement) == "" {
				return &usageError{"collector sql", fmt.Errorf("the statement is empty")}
			}
			err := a.withClickHouse(command.Context(), database.Access(write), func(_ *config.Config, db *database.DB) error {
				return a.query(command.Context(), db, statement, format)
			})
			if !write && err != nil && slices.Contains([]string{sink.ReasonReadOnly, sink.ReasonAuth}, sink.Reason(err)) {
				err = fmt.Errorf("%w; sql only reads: add --write to a statement that changes something", err)
			}
			return err
		},
	}
	command.Flags().StringVar(&format, "format", "", "any ClickHouse format, for example CSVWithNames, JSONEachRow, Parquet (default: a readable table)")
	command.Flags().BoolVar(&write, "write", false, "allow the statement to change something")
	return command
}

// query prints the answer to one statement. It explains an unknown table if the schema is not up to
// date.
func (a *app) query(ctx context.Context, db *database.DB, statement, format string) error {
	out := a.stdout
	if !sink.ForPeople(statement, format) {
		out = a.data()
	}
	err := db.Query(ctx, statement, format, out)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil || sink.Reason(err) != sink.ReasonMissingTable {
		return err
	}
	if status, statusErr := db.Status(ctx); statusErr == nil && status.Version < status.Latest {
		return fmt.Errorf("%w; the schema is missing or old: collector run, import and migrate up create and upgrade it", err)
	}
	return err
}
