package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/licenses"
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
	var withLicenses bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, Go and engine",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text := versionText()
			if withLicenses {
				text = licenses.Text
			}
			_, err := fmt.Fprint(a.stdout, text)
			return err
		},
	}
	c.Flags().BoolVar(&withLicenses, "licenses", false, "print the licences of the software that the binary contains")
	return c
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
