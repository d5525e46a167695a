package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/vendorhttp"
)

func (a *app) resellerCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "reseller",
		Short: "Create and change customers at the resellers",
		Long: `Every call of the reseller vendors' documents: remotepc, ccportal, serwersms and
limacity.

A call that changes something is sent once. Its outcome is said clearly: done,
refused (with the vendor's reason), or unknown, when no clear answer came; then
look before you send it again. Each such call is in the view provisioning_log
within seconds if a daemon runs on the same state folder, else with the next
collector run.

--dry-run prints the request that would be sent, without secrets, and sends
nothing. Passwords come from a prompt, a file or standard input, never from a
flag.`,
	}
	command.AddCommand(a.remotePCCommand(), a.ccPortalCommand(), a.serwerSMSCommand(), a.limaCityCommand())
	return group(command, nil)
}

// dialect is a vendor whose calls are commands. C is its client.
type dialect[C reseller.Client] struct {
	*app
	vendor string
}

// accounts are the configured accounts of the vendor.
func (d *dialect[C]) accounts(c *config.Config) []reseller.Opener {
	i := slices.IndexFunc(c.Reseller.Vendors, func(v config.Vendor) bool { return v.Name == d.vendor })
	return c.Reseller.Vendors[i].Openers()
}

// errand is one run of a vendor's command.
type errand[C reseller.Client] struct {
	*app
	command *cobra.Command
	config  *config.Config
	client  C
	account string
	dryRun  bool
}

// serves makes command one for one account.
func (d *dialect[C]) serves(command *cobra.Command, run func(context.Context, *errand[C], []string) error) *cobra.Command {
	e := &errand[C]{app: d.app, command: command}
	command.Flags().StringVar(&e.account, "account", "", "account that is meant (needed unless the configuration has exactly one)")
	command.ValidArgsFunction = cobra.NoFileCompletions
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return negative(err) })
	command.RunE = func(_ *cobra.Command, args []string) (err error) {
		e.brief = true
		if e.config, err = e.load(); err != nil {
			return err
		}
		var names []string
		for _, a := range d.accounts(e.config) {
			names = append(names, a.Login().Account)
		}
		if e.account, err = e.accountOf(d.vendor, e.account, names); err != nil {
			return e.misused(err)
		}
		return run(command.Context(), e, args)
	}
	return command
}

// negativeNumber finds the number in pflag's complaint about one that it took for a flag.
var negativeNumber = regexp.MustCompile(`^unknown shorthand flag: '[0-9]' in (-[0-9][^ ]*)$`)

// negative is err in the words of the command where an argument is a negative number.
func negative(err error) error {
	if m := negativeNumber.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s is negative; no argument of this command may be", m[1])
	}
	return err
}

// asks makes command one that sends a request, or shows it.
func (d *dialect[C]) asks(command *cobra.Command, run func(context.Context, *errand[C], []string) error) *cobra.Command {
	dryRun := command.Flags().Bool("dry-run", false, "print the request without its secrets and send nothing")
	return d.serves(command, func(ctx context.Context, e *errand[C], args []string) error {
		var rt http.RoundTripper // over the network
		if e.dryRun = *dryRun; e.dryRun {
			rt = vendorhttp.DryRun{}
		}
		for _, a := range d.accounts(e.config) {
			if a.Login().Account != e.account {
				continue
			}
			version, _ := build()
			client, err := a.Open(version, rt)
			if err != nil {
				return err
			}
			e.client = client.(C)
		}
		err := run(ctx, e, args)
		if preview, ok := errors.AsType[*vendorhttp.Preview](err); ok {
			_, err = fmt.Fprint(e.stdout, preview.Error())
		}
		if err != nil && report.AsFailure(err).Reason == badRequest {
			return e.misused(err)
		}
		return err
	})
}

// accountOf checks a name against the accounts of a vendor; the only one needs no name.
func (a *app) accountOf(vendor, name string, known []string) (string, error) {
	if len(known) == 0 {
		return "", &config.Error{Source: a.configSource(), Key: "reseller." + vendor + ".accounts",
			Problem: "is empty; add an account as in collector.example.yaml"}
	}
	return accountNamed(known, name)
}

// misused is err about the command line; one about the configuration stays what it is.
func (e *errand[C]) misused(err error) error {
	if _, isConfig := errors.AsType[*config.Error](err); isConfig {
		return err
	}
	return &usageError{e.command.CommandPath(), err}
}

// reads makes command one that prints what the vendor tells.
func (d *dialect[C]) reads(command *cobra.Command, ask func(ctx context.Context, client C, args []string) (*listing, error)) *cobra.Command {
	format := formatFlag(command)
	return d.asks(command, func(ctx context.Context, e *errand[C], args []string) error {
		if err := format.check(); err != nil {
			return e.misused(err)
		}
		told, err := ask(ctx, e.client, args)
		if err != nil {
			return err
		}
		return told.print(e.stdout, format)
	})
}
