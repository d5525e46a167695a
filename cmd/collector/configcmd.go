package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

func (a *app) configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration, secrets redacted",
		Long: `Prints the configuration in effect: the file, overridden by the environment, with
defaults for the rest. Secrets show as <redacted>.`,
		Example: "  collector config -c collector.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			encoder := yaml.NewEncoder(a.stdout)
			encoder.SetIndent(2)
			if err := encoder.Encode(c); err != nil {
				return fmt.Errorf("printing the configuration: %w", err)
			}
			return encoder.Close()
		},
	}
}
