package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"alpemix-collector/report"
	"alpemix-collector/sink/engine"
)

// engineCommand runs the embedded engine as a child process. It is hidden because other commands
// start it.
func (a *app) engineCommand() *cobra.Command {
	var c engine.ServeConfig
	var dir string
	var readers bool
	command := &cobra.Command{
		Use:         "engine",
		Short:       "Serve the embedded ClickHouse engine to the process that started this one",
		Args:        cobra.NoArgs,
		Hidden:      true,
		Annotations: map[string]string{longRunning: ""}, // it stops with its parent
		RunE: func(command *cobra.Command, _ []string) error {
			c.Parent = a.stdin
			c.Announce = engine.AnnounceOn(raw(a.stdout))
			var err error
			if c.Doors, err = engine.Inherited(dir, readers); err == nil {
				err = engine.Serve(command.Context(), c)
			}
			if err != nil {
				// The parent puts this text into its own error.
				_, _ = fmt.Fprintln(a.stderr, report.OneLine(err))
				return errFailed
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.Library, "library", "", "path of libchdb.so")
	flags.StringVar(&dir, "dir", "", "folder of the engine's data")
	flags.BoolVar(&readers, "readers", false, "serve readers at the inherited listener")
	flags.StringVar(&c.Database, "database", "", "database, created if it does not exist")
	for _, name := range []string{"library", "dir", "database"} {
		if err := command.MarkFlagRequired(name); err != nil { // the flags are defined above
			panic(err)
		}
	}
	return command
}
