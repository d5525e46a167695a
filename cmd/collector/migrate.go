package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
)

func (a *app) migrateCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Upgrade the database schema, or show its version",
		Long: `Every command that writes upgrades the schema first. Use migrate to upgrade it in
a step of its own, or to see its version. migrate alone means migrate up.`,
	}
	up := a.onSchema("up", "Upgrade the schema to the version of this binary", database.Writes, a.migrateUp)
	command.AddCommand(
		up,
		a.onSchema("status", "Print the schema's version and the migrations", database.Reads, a.migrateStatus),
		a.onSchema("plan", "Print the SQL that up would run", database.Reads, a.migratePlan),
	)
	return group(command, up.RunE)
}

// onSchema returns a command that needs only ClickHouse.
func (a *app) onSchema(use, short string, may database.Access, run func(context.Context, *config.Config, *database.DB) error) *cobra.Command {
	return &cobra.Command{
		Use:     use,
		Short:   short,
		Example: "  collector migrate " + use + " -c collector.yaml",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withClickHouse(command.Context(), may, func(c *config.Config, db *database.DB) error {
				return run(command.Context(), c, db)
			})
		},
	}
}

// withClickHouse opens the configured ClickHouse, calls run, and closes it.
func (a *app) withClickHouse(ctx context.Context, may database.Access, run func(*config.Config, *database.DB) error) (err error) {
	a.brief = true
	c, err := a.load()
	if err != nil {
		return err
	}
	db, err := a.opener(c).Open(ctx, may)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return run(c, db)
}

func (a *app) migrateUp(ctx context.Context, c *config.Config, db *database.DB) error {
	if err := db.PrepareAll(ctx); err != nil {
		return err
	}
	return a.migrateStatus(ctx, c, db)
}

func (a *app) migrateStatus(ctx context.Context, _ *config.Config, db *database.DB) error {
	status, err := db.Status(ctx)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("database %s is at version %d of %d\n", status.Database, status.Version, status.Latest)
	for _, m := range status.Migrations {
		applied := "pending"
		if m.Applied {
			applied = "applied"
		}
		text += fmt.Sprintf("%-8s %s\n", applied, m.Name)
	}
	if _, err := fmt.Fprint(a.stdout, text); err != nil {
		return err
	}
	if status.Version > status.Latest {
		return status.Check()
	}
	return nil
}

func (a *app) migratePlan(ctx context.Context, _ *config.Config, db *database.DB) error {
	steps, err := db.Plan(ctx)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		_, err := fmt.Fprintln(a.stdout, "-- nothing to do: the schema is up to date")
		return err
	}
	for _, s := range steps {
		if _, err := fmt.Fprintf(a.stdout, "-- %s\n%s\n", s.Name, s.SQL); err != nil {
			return err
		}
	}
	return nil
}
