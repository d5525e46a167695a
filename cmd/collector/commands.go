package main

import "github.com/spf13/cobra"

// commands are all of them, in the order of use.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.configCommand(),
		a.versionCommand(),
		a.engineCommand(),
	}
}
