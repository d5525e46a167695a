package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"alpemix-collector/reseller/action"
)

// addFlag adds a flag of an action, and returns what gives its value.
func addFlag(flags *pflag.FlagSet, f action.Flag) (value func() any) {
	switch byDefault := f.Default.(type) {
	case string:
		return given(flags.String(f.Name, byDefault, f.Usage))
	case bool:
		return given(flags.Bool(f.Name, byDefault, f.Usage))
	case uint32:
		return given(flags.Uint32(f.Name, byDefault, f.Usage))
	case int64:
		return given(flags.Int64(f.Name, byDefault, f.Usage))
	case *bool:
		b := flags.Bool(f.Name, false, f.Usage)
		return func() any {
			if !flags.Changed(f.Name) {
				return byDefault
			}
			return b
		}
	}
	panic(fmt.Sprintf("flag %s: no flag has a %T", f.Name, f.Default))
}

func given[T any](value *T) func() any { return func() any { return *value } }

// format is --format of a reading command.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

func formatFlag(command *cobra.Command) *format {
	f := formatTable
	command.Flags().StringVar((*string)(&f), "format", string(formatTable), "table or json")
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{string(formatTable), string(formatJSON)}, cobra.ShellCompDirectiveNoFileComp)) // it is there
	return &f
}

func (f *format) check() error {
	if *f != formatTable && *f != formatJSON {
		return fmt.Errorf("--format %q is not one of table, json", string(*f))
	}
	return nil
}
