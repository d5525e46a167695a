package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/secret"
	"alpemix-collector/internal/version"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/action"
	"alpemix-collector/reseller/vendors"
	"alpemix-collector/vendorhttp"
)

func (a *app) resellerCommand() *cobra.Command {
	var names []string
	for _, v := range vendors.All {
		names = append(names, v.Name)
	}
	last := len(names) - 1
	command := &cobra.Command{
		Use:   "reseller",
		Short: "Create and change customers at the resellers",
		Long: `All documented calls of the resellers: ` + strings.Join(names[:last], ", ") + ` and
` + names[last] + `.

A call that changes something is sent once. The command prints its outcome: done,
refused (with the vendor's reason), or unknown if no clear answer came; then check
before you send it again. The view provisioning_log shows each such call: within
seconds if a daemon runs on the same state folder, otherwise after the next
collector run.

--dry-run prints the request that would be sent, without secrets, and sends
nothing. Passwords come from a prompt, a file or standard input, never from a
flag.`,
	}
	for _, v := range vendors.All {
		command.AddCommand(a.actionCommand(v, &action.Action{Use: v.Name, Short: v.Short, Long: v.Long, Actions: v.Actions}))
	}
	return group(command, nil)
}

// errand is the command of an action.
type errand struct {
	*app
	*action.Action
	command *cobra.Command
	vendor  *reseller.Vendor
	account string
	dryRun  bool
	format  *string
	secret  *secretFlags
	flags   map[string]func() any
}

// actionCommand returns the command of a vendor's action, with its subcommands.
func (a *app) actionCommand(v *reseller.Vendor, of *action.Action) *cobra.Command {
	command := &cobra.Command{Use: of.Use, Short: of.Short, Long: of.Long, Example: of.Example}
	e := &errand{app: a, Action: of, command: command, vendor: v}
	for i := range of.Actions {
		command.AddCommand(a.actionCommand(v, &of.Actions[i]))
	}
	var run func(*cobra.Command, []string) error
	if of.Read != nil || of.Print != nil || of.Change != nil {
		e.addFlags()
		run = e.run
	}
	if of.Actions != nil {
		return group(command, run)
	}
	command.RunE, command.Args = run, arguments(of.Use)
	command.ValidArgsFunction = cobra.NoFileCompletions
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return negative(err) })
	return command
}

// arguments returns the check of the arguments that use names.
func arguments(use string) cobra.PositionalArgs {
	switch n := len(strings.Fields(use)) - 1; {
	case n == 0:
		return cobra.NoArgs
	case strings.HasSuffix(use, "..."):
		return cobra.MinimumNArgs(n)
	default:
		return cobra.ExactArgs(n)
	}
}

func (e *errand) addFlags() {
	flags := e.command.Flags()
	if e.ofOneAccount() {
		flags.StringVar(&e.account, "account", "", "account to use (required unless exactly one is configured)")
	}
	if !e.Local {
		flags.BoolVar(&e.dryRun, "dry-run", false, "print the request without secrets and send nothing")
	}
	if e.Read != nil {
		e.format = formatFlag(e.command)
	}
	if s := e.Secret; s != nil {
		e.secret = newSecretFlags(e.command, s.Noun, s.IsNew)
	}
	e.flags = map[string]func() any{}
	for _, f := range e.Flags {
		e.flags[f.Name] = addFlag(flags, f)
		if f.Required {
			_ = e.command.MarkFlagRequired(f.Name) // the flag exists
		}
	}
}

func (e *errand) ofOneAccount() bool { return !e.Local || e.Read == nil }

// negativeNumber matches pflag's error about a negative number, which it takes for a flag.
var negativeNumber = regexp.MustCompile(`^unknown shorthand flag: '[0-9]' in (-[0-9][^ ]*)$`)

// negative replaces err if an argument is a negative number.
func negative(err error) error {
	if m := negativeNumber.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s is negative; this command takes no negative numbers", m[1])
	}
	return err
}

func (e *errand) run(_ *cobra.Command, args []string) error {
	err := e.act(e.command.Context(), args)
	if preview, ok := errors.AsType[*vendorhttp.Preview](err); ok {
		_, err = fmt.Fprint(e.stdout, preview.Error())
	}
	if _, ok := errors.AsType[*action.Misuse](err); ok || err != nil && report.AsFailure(err).Reason == badRequest {
		return e.misused(err)
	}
	return err
}

func (e *errand) act(ctx context.Context, args []string) error {
	e.brief = true
	c, err := e.load()
	if err != nil {
		return err
	}
	call := &action.Call{Args: args, Flags: map[string]any{}, StateDir: c.StateDir, DryRun: e.dryRun, Show: e.show}
	for name, value := range e.flags {
		call.Flags[name] = value()
	}
	if e.ofOneAccount() {
		if call.Account, call.Client, err = e.open(c); err != nil {
			return err
		}
	}
	if e.Change != nil || e.Local && e.Print != nil {
		if err := e.refuseOtherDemo(c); err != nil {
			return err
		}
		if err := e.folder(c.StateDir).RefuseOthers(); err != nil {
			return err
		}
	}
	if e.Secret != nil {
		if call.Secret, err = e.ask(ctx, args[0]); err != nil {
			return err
		}
	}
	switch {
	case e.Read != nil:
		return e.read(ctx, call)
	case e.Print != nil:
		text, err := e.Print(ctx, call)
		if err == nil {
			_, err = fmt.Fprint(e.stdout, text)
		}
		return err
	}
	return e.change(ctx, call)
}

// open returns the name and the client of the account to use. A local action has no client.
func (e *errand) open(c *config.Config) (name string, client any, err error) {
	var names []string
	known := map[string]reseller.Opener{}
	for _, o := range c.Reseller.Of(e.vendor.Name) {
		name := o.Login().Account
		names, known[name] = append(names, name), o
	}
	if len(names) == 0 {
		return "", nil, &config.Error{Source: e.configSource(), Key: "reseller." + e.vendor.Name + ".accounts",
			Problem: "is empty; add an account as in collector.example.yaml"}
	}
	if name, err = accountNamed(names, e.account); err != nil {
		return "", nil, e.misused(err)
	}
	if e.Local {
		return name, nil, nil
	}
	var rt http.RoundTripper // over the network
	if e.dryRun {
		rt = vendorhttp.DryRun{}
	}
	version, _ := version.Build()
	client, err = known[name].Open(version, rt)
	return name, client, err
}

// misused makes err a usage error, unless it is about the configuration.
func (e *errand) misused(err error) error {
	if _, isConfig := errors.AsType[*config.Error](err); isConfig {
		return err
	}
	return &usageError{e.command.CommandPath(), err}
}

func (e *errand) read(ctx context.Context, call *action.Call) error {
	if *e.format != formatTable && *e.format != formatJSON {
		return e.misused(fmt.Errorf("--format %q is not one of table, json", *e.format))
	}
	l, err := e.Read(ctx, call)
	if err != nil {
		return err
	}
	text, err := l.Table()
	if *e.format == formatJSON {
		text, err = l.JSON()
	}
	if err == nil {
		_, err = e.stdout.Write(text)
	}
	return err
}

// show prints a secret if stdout is a terminal, and reports whether it did.
func (e *errand) show(s secret.Value) bool {
	if _, ok := terminalOf(e.stdout); !ok {
		return false
	}
	_, err := fmt.Fprintln(e.stdout, s.Reveal())
	return err == nil
}
