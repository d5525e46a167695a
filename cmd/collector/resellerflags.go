package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"alpemix-collector/reseller/action"
)

// addFlag adds a flag of an action. value returns the flag's value.
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

// The values of --format of a reading command.
const (
	formatTable = "table"
	formatJSON  = "json"
)

func formatFlag(command *cobra.Command) *string {
	f := command.Flags().String("format", formatTable, "table or json")
	_ = command.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{formatTable, formatJSON}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return f
}
