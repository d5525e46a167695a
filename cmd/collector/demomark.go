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

// demoMark is the file that marks the state folder of a demonstration: users would take simulated
// connections in a real database for real ones.
const demoMark = "demo"

// refuseOtherDemo is refuseDemo for commands that store no reports: they may use the configuration of
// a demonstration, whose vendors are simulated.
func (a *app) refuseOtherDemo(c *config.Config) error {
	if a.speaksForDemo(c) {
		a.invents = true
		return nil
	}
	return a.refuseDemo(c)
}

// refuseDemo returns an error if the state folder is that of a demonstration, where a command would mix
// real reports with simulated ones, or if it cannot find out.
func (a *app) refuseDemo(c *config.Config) error {
	isDemo, err := a.folder(c.StateDir).Has(demoMark)
	if err != nil || !isDemo {
		return err
	}
	return a.folder(c.StateDir).Error(c.StateDir + " holds the data of collector demo; name another folder")
}

// markDemo makes dir the folder of a demonstration. It refuses the folder of a real collector.
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
	for _, real := range []string{statedir.StateFile, statedir.EngineFolder} {
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
	if err := os.WriteFile(filepath.Join(dir, demoMark), []byte("The data in this folder is simulated by collector demo. None of it is real.\n"), 0o600); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	return nil
}

// speaksForDemo reports whether the configuration is that of a demonstration.
func (a *app) speaksForDemo(c *config.Config) bool {
	file, err := filepath.Abs(a.configSource())
	if err != nil || file != filepath.Join(c.StateDir, demo.ConfigFile) {
		return false
	}
	isDemo, err := a.folder(c.StateDir).Has(demoMark)
	return err == nil && isDemo
}
