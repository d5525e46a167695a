package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/demo"
	"alpemix-collector/internal/statedir"
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

// refuseDemo is the error of a command that would mix real reports into a demonstration's folder, or cannot tell.
func (a *app) refuseDemo(c *config.Config) error {
	isDemo, err := a.folder(c.StateDir).Has(demoMark)
	if err != nil || !isDemo {
		return err
	}
	return a.folder(c.StateDir).Error(c.StateDir + " holds the data of collector demo; name another folder")
}

// markDemo makes dir a demonstration's folder, unless it is a real collector's.
func (a *app) markDemo(dir string) error {
	wrong := func(err error) error {
		if c, ok := errors.AsType[*config.Error](err); ok {
			err = errors.New(c.Problem)
		}
		return &usageError{"collector demo", fmt.Errorf("--state: %w", err)}
	}
	if err := a.folder(dir).RefuseOthers(); err != nil {
		return wrong(err)
	}
	isDemo, err := a.folder(dir).Has(demoMark)
	if err != nil {
		return wrong(err)
	}
	if isDemo {
		return nil
	}
	for _, real := range []string{"state.db", statedir.EngineFolder} {
		isReal, err := a.folder(dir).Has(real)
		if err != nil {
			return wrong(err)
		}
		if isReal {
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

// speaksForDemo tells whether the configuration is that of a demonstration itself.
func (a *app) speaksForDemo(c *config.Config) bool {
	file, err := filepath.Abs(a.configSource())
	if err != nil || file != filepath.Join(c.StateDir, demo.ConfigFile) {
		return false
	}
	isDemo, err := a.folder(c.StateDir).Has(demoMark)
	return err == nil && isDemo
}
