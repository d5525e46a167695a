package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"alpemix-collector/cmd/collector/config"
)

func (a *app) sqlCommand() *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "sql 'SELECT ...'",
		Short: "Run SQL on the configured ClickHouse",
		Long: `Runs one statement on the configured ClickHouse, as its configured user, in the
database of the tables, and prints the answer. - reads the statement from standard
input. A FORMAT clause in the statement wins over --format.

Works beside a running daemon.`,
		Example: `  collector sql 'SELECT account, day, state FROM days ORDER BY day DESC LIMIT 5'
  collector sql --format CSVWithNames 'SELECT * FROM daily_usage' > usage.csv
  collector sql - < report.sql`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			statement := args[0]
			if statement == "-" {
				text, err := io.ReadAll(a.stdin)
				if err != nil {
					return fmt.Errorf("reading the statement from standard input: %w", err)
				}
				statement = string(text)
			}
			if strings.TrimSpace(statement) == "" {
				return &usageError{"collector sql", fmt.Errorf("the statement is empty")}
			}
			return a.withClickHouse(command.Context(), func(_ *config.Config, db *clickHouse) error {
				return db.Query(command.Context(), statement, format, a.stdout)
			})
		},
	}
	command.Flags().StringVar(&format, "format", "", "any ClickHouse format, for example CSVWithNames, JSONEachRow, Parquet (default a readable table)")
	return command
}
