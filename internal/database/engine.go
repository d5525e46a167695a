package database

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/statedir"
	"alpemix-collector/sink/engine"
)

// SharedEngine is the embedded engine of a state folder. Its child is this binary itself, also after
// an upgrade has replaced the file.
func SharedEngine(c *config.Config, listen string, log *slog.Logger, mayServe func() error) (*engine.Shared, error) {
	dir, err := filepath.Abs(filepath.Join(c.StateDir, statedir.EngineFolder))
	if err != nil {
		return nil, fmt.Errorf("state_dir %s: %w", c.StateDir, err)
	}
	return engine.NewShared(engine.SharedConfig{
		Dir: dir, Library: c.ClickHouse.Embedded.Library, Listen: listen,
		Command: func(library string) []string {
			command := []string{"/proc/self/exe", "engine", "--library", library, "--dir", dir, "--database", c.ClickHouse.Database}
			if listen != "" {
				command = append(command, "--readers")
			}
			return command
		},
		Env: withoutConfiguration(os.Environ()), MayServe: mayServe, Logger: log,
	}), nil
}

// withoutConfiguration keeps our secrets out of a process that has no use for them.
func withoutConfiguration(environ []string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, config.EnvPrefix) {
			kept = append(kept, pair)
		}
	}
	return kept
}
