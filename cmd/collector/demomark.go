package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"alpemix-collector/cmd/collector/config"
)

// demoMark is the file that tells a demonstration's state folder from a real collector's: invented connections in a real
// database would be believed.
const demoMark = "demo"

// refuseOtherDemo is refuseDemo for commands that bring no reports: they may speak with a demonstration's own vendors.
func (a *app) refuseOtherDemo(c *config.Config) error {
	if a.speaksForDemo(c) {
		a.invents = true
		return nil
	}
	return a.refuseDemo(c)
}

// refuseDemo is the error of a command that would mix real reports into a demonstration's folder.
func (a *app) refuseDemo(c *config.Config) error {
	if !isThere(c.StateDir, demoMark) {
		return nil
	}
	wrong := &config.Error{Source: a.configSource(), Key: "state_dir",
		Problem: c.StateDir + " holds the data of collector demo; remove that folder, or choose another"}
	if a.getenv("COLLECTOR_STATE_DIR") != "" {
		wrong.Source, wrong.Key = "environment", "COLLECTOR_STATE_DIR"
	}
	return wrong
}

// markDemo makes dir a demonstration's folder, unless it is a real collector's.
func markDemo(dir string) error {
	if isThere(dir, demoMark) {
		return nil
	}
	for _, real := range []string{"state.db", engineFolder} {
		if isThere(dir, real) {
			return &usageError{"collector demo", fmt.Errorf("--state %s holds the data of a real collector (%s); choose another folder", dir, real)}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, demoMark), []byte("The data in this folder are of collector demo: nothing of it is real.\n"), 0o600); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	return nil
}

// demoComment tells a demonstration's database on a server from a real collector's. The two begin apart, as a database gets its
// comment when it is made.
const demoComment = "The data in this database are of collector demo: nothing of it is real."

// keepApart is an error where invented connections and real ones would come into one database of a server.
func (c *clickHouse) keepApart(ctx context.Context) error {
	if c.embedded {
		return nil
	}
	if c.invented {
		if err := c.Create(ctx, demoComment); err != nil {
			return err
		}
	}
	comment, err := c.Comment(ctx)
	switch {
	case err != nil:
		return err
	case c.invented && comment != demoComment:
		return fmt.Errorf("--dsn: database %s at %s is not of collector demo, which uses only one that it has made itself; name one that is not there yet", c.Database(), c.name)
	case !c.invented && comment == demoComment:
		return fmt.Errorf("database %s at %s holds the data of collector demo; drop it, or name another in clickhouse.dsn", c.Database(), c.name)
	}
	return nil
}

// isThere tells whether dir has an entry of that name; one that cannot be looked at counts as there.
func isThere(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}
