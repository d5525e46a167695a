package main

import "github.com/spf13/cobra"

// commands returns all commands, in the order of the help.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.runCommand(),
		a.demoCommand(),
		a.checkCommand(),
		a.configCommand(),
		a.importCommand(),
		a.sqlCommand(),
		a.dashboardsCommand(),
		a.resellerCommand(),
		a.quarantineCommand(),
		a.migrateCommand(),
		a.versionCommand(),
		a.engineCommand(),
		a.healthyCommand(),
	}
}
