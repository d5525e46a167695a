package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"alpemix-collector/dashboards"
	"alpemix-collector/dashboards/grafana"
	"alpemix-collector/internal/durable"
	"alpemix-collector/internal/secret"
	"alpemix-collector/vendorhttp"
)

// tokenVariable is the environment variable from which other Grafana clients read their token, too.
const tokenVariable = "GRAFANA_TOKEN"

func (a *app) dashboardsCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "dashboards",
		Short: "Put the dashboards into Grafana",
		Long: `The dashboards are for Grafana 12 with the ClickHouse data source plugin 4. The
data source is selected at the top of each dashboard.`,
	}
	command.AddCommand(a.dashboardsPushCommand())
	return group(command, nil)
}

func (a *app) dashboardsPushCommand() *cobra.Command {
	var cfg grafana.Config
	var caFile string
	command := &cobra.Command{
		Use:   "push --grafana URL",
		Short: "Put the dashboards into a folder of Grafana",
		Long: `Puts the five dashboards into a folder of Grafana, which is created if needed.
Existing dashboards stay in their folder; those that do not differ are not saved
again.

A dashboard that was changed in Grafana, or that another program created, is
kept, and the exit status is 1; --overwrite replaces it. Grafana keeps the
previous version, too.

The token is that of a service account with the role Editor. It comes from
--token-file, from ` + tokenVariable + `, or is asked for on the terminal.`,
		Example: `  collector dashboards push --grafana https://grafana.example.com --token-file grafana.token
  collector dashboards push --grafana http://127.0.0.1:3000 --folder Support --dry-run`,
		Args: cobra.NoArgs,
	}
	flags := command.Flags()
	flags.StringVar(&cfg.URL, "grafana", "", "address of Grafana's start page")
	flags.StringVar(&cfg.Folder, "folder", "Alpemix", `title of the folder, "" for none`)
	flags.BoolVar(&cfg.Overwrite, "overwrite", false, "also replace dashboards that were changed in Grafana")
	flags.BoolVar(&cfg.DryRun, "dry-run", false, "print what would be done and change nothing")
	flags.StringVar(&caFile, "ca-file", "", "PEM file of certificate authorities to trust instead of the system's")
	token := newSecretFlags(command, "token", false)
	if err := command.MarkFlagRequired("grafana"); err != nil {
		panic("collector: " + err.Error()) // the flag is defined above
	}
	command.RunE = func(command *cobra.Command, _ []string) (err error) {
		misused := func(err error) error { return &usageError{command.CommandPath(), err} }
		if cfg.Token = a.getenv(tokenVariable); token.file != "" || cfg.Token == "" {
			if cfg.Token, err = token.read(command.Context(), a, "the service account"); err != nil {
				return misused(err)
			}
		} else if err := secret.Check(cfg.Token); err != nil {
			return misused(fmt.Errorf("%s %w", tokenVariable, err))
		}
		transport, err := vendorhttp.NewTransport(vendorhttp.TLS{}, "")
		if err != nil {
			return err
		}
		if caFile != "" {
			if transport.TLSClientConfig.RootCAs, err = authorities(caFile); err != nil {
				return misused(fmt.Errorf("--ca-file %s: %w", caFile, err))
			}
		}
		cfg.Transport = transport
		client, err := grafana.New(cfg)
		if err != nil {
			return misused(fmt.Errorf("--grafana: %w", err))
		}
		return a.pushDashboards(command.Context(), client, cfg.DryRun)
	}
	return command
}

func authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, durable.Bare(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("it contains no certificate in PEM format")
	}
	return pool, nil
}

// pushDashboards prints a line for each dashboard. It fails if it kept one.
func (a *app) pushDashboards(ctx context.Context, client *grafana.Client, dry bool) error {
	kept := false
	var printing error
	err := client.Push(ctx, dashboards.All(), func(r grafana.Result) {
		done := string(r.Outcome)
		if dry && (r.Outcome == grafana.Created || r.Outcome == grafana.Updated) {
			done = "to be " + done
		}
		_, err := fmt.Fprintf(a.stdout, "%-13s  %-23s  %s\n", done, r.Title, r.Address)
		printing = cmp.Or(printing, err)
		kept = kept || r.Outcome == grafana.Kept
	})
	switch {
	case err != nil:
		return err
	case printing != nil:
		return printing
	case kept:
		a.complain(errors.New("the dashboards marked kept were changed in Grafana, or another program created them; --overwrite replaces them"))
		return errFailed
	}
	return nil
}
