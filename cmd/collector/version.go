package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/licenses"
	"alpemix-collector/internal/version"
	"alpemix-collector/sink/engine"
)

func (a *app) versionCommand() *cobra.Command {
	var withLicenses bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version, commit, Go version and engine",
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
	c.Flags().BoolVar(&withLicenses, "licenses", false, "print the licenses of the software in the binary")
	return c
}

func versionText() string {
	name, from := version.Build()
	library := "none"
	if engine.Included {
		library = "libchdb " + engine.Version
	}
	return fmt.Sprintf("collector %s\ncommit    %s\ngo        %s %s/%s\nengine    %s\n",
		name, from, runtime.Version(), runtime.GOOS, runtime.GOARCH, library)
}
