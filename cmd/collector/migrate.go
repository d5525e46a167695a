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
		Short: "Bring the database schema up to date, or show its version",
		Long: `The schema is brought up to date by every command that writes; migrate does it
where that is wanted apart, and tells how the schema stands. Alone it means up.`,
	}
	up := a.onSchema("up", "Bring the schema to this binary's version", database.Writes, a.migrateUp)
	command.AddCommand(
		up,
		a.onSchema("status", "Print the schema's version and the migrations", database.Reads, a.migrateStatus),
		a.onSchema("plan", "Print the SQL that up would run", database.Reads, a.migratePlan),
	)
	return group(command, up.RunE)
}

// onSchema makes a command that needs nothing but ClickHouse.
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

// withClickHouse opens the configured ClickHouse for the time of run.
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
