package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"alpemix-collector/sink/engine"
)

// version and commit are stamped by the Makefile; a plain go build tells its own.
var version, commit string

// build tells the version of this binary and the commit it was built from.
func build() (name, from string) {
	name, from = version, commit
	info, ok := debug.ReadBuildInfo()
	if ok && name == "" {
		name = info.Main.Version
	}
	if ok && from == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				from = s.Value
			}
		}
	}
	if name == "" || name == "(devel)" {
		name = "development"
	}
	if from == "" {
		from = "unknown"
	}
	return name, from
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, Go and engine",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.stdout, versionText())
			return err
		},
	}
}

func versionText() string {
	name, from := build()
	library := "none"
	if engine.Included {
		library = "libchdb " + engine.Version
	}
	return fmt.Sprintf("collector %s\ncommit    %s\ngo        %s %s/%s\nengine    %s\n",
		name, from, runtime.Version(), runtime.GOOS, runtime.GOARCH, library)
}
