package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"

	"alpemix-collector/cmd/collector/config"
	"alpemix-collector/internal/secret"
	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/reseller/limacity"
	"alpemix-collector/reseller/remotepc"
	"alpemix-collector/reseller/serwersms"
	"alpemix-collector/vendorhttp"
)

// vendorAccount is one configured account with a reseller vendor.
type vendorAccount[C any] struct {
	name string
	// held is what its client takes from files: the secrets, or the numbers of customers.
	held func() (string, error)
	// open makes the account's client, which sends through rt, or over the network without it. It sends nothing.
	open func(rt http.RoundTripper) (C, error)
}

func remotePCAccounts(c *config.Config) (all []vendorAccount[*remotepc.Client]) {
	for _, a := range c.Reseller.RemotePC.Accounts {
		all = append(all, vendorAccount[*remotepc.Client]{a.Name, secretsOf(a.APIKey), func(rt http.RoundTripper) (*remotepc.Client, error) {
			return remotepc.New(remotepc.Config{Account: exchangeOf(a.Name, a.Endpoint, a.TLS), APIKey: a.APIKey}, rt)
		}})
	}
	return all
}

func ccPortalAccounts(c *config.Config) (all []vendorAccount[*ccportal.Client]) {
	for _, a := range c.Reseller.CCPortal.Accounts {
		all = append(all, vendorAccount[*ccportal.Client]{a.Name, func() (string, error) {
			customers, err := portalCustomers(a)
			return strings.Join(customers, "\n"), err
		}, func(rt http.RoundTripper) (*ccportal.Client, error) {
			customers, err := portalCustomers(a)
			if err != nil {
				return nil, err
			}
			return ccportal.New(ccportal.Config{Account: exchangeOf(a.Name, a.BaseURL, a.TLS), Customers: customers, Format: a.Format}, rt)
		}})
	}
	return all
}

func serwerSMSAccounts(c *config.Config) (all []vendorAccount[*serwersms.Client]) {
	for _, a := range c.Reseller.SerwerSMS.Accounts {
		all = append(all, vendorAccount[*serwersms.Client]{a.Name, secretsOf(a.Token, a.Password), func(rt http.RoundTripper) (*serwersms.Client, error) {
			return serwersms.New(serwersms.Config{
				Account: exchangeOf(a.Name, a.Endpoint, a.TLS), Token: a.Token, Username: a.Username, Password: a.Password,
			}, rt)
		}})
	}
	return all
}

func limaCityAccounts(c *config.Config) (all []vendorAccount[*limacity.Client]) {
	for _, a := range c.Reseller.LimaCity.Accounts {
		all = append(all, vendorAccount[*limacity.Client]{a.Name, secretsOf(a.APIKey), func(rt http.RoundTripper) (*limacity.Client, error) {
			return limacity.New(limacity.Config{Account: exchangeOf(a.Name, a.Endpoint, a.TLS), APIKey: a.APIKey}, rt)
		}})
	}
	return all
}

// exchangeOf is what every vendor's client needs to know of an account.
func exchangeOf(name, endpoint string, tls vendorhttp.TLS) vendorhttp.Account {
	version, _ := build()
	return vendorhttp.Account{
		Name: name, Endpoint: endpoint, TLS: tls, Version: version,
	}
}

// secretsOf is what a client holds that has nothing but secrets from files.
func secretsOf(secrets ...secret.Value) func() (string, error) {
	return func() (string, error) {
		var held []string
		for _, s := range secrets {
			held = append(held, s.Reveal())
		}
		return strings.Join(held, "\n"), nil
	}
}

// portalCustomers are the account's customer numbers, from the configuration or from its file with one a line.
func portalCustomers(a config.CCPortalAccount) ([]string, error) {
	if a.CustomersFile == "" {
		for _, number := range a.Customers {
			if err := secret.Check(number); err != nil {
				return nil, fmt.Errorf("reseller.ccportal account %s: customers: %q %w", a.Name, number, err)
			}
		}
		return a.Customers, nil
	}
	text, err := os.ReadFile(a.CustomersFile)
	if err != nil {
		return nil, fmt.Errorf("reseller.ccportal account %s: customers_file: %w", a.Name, err)
	}
	var all []string
	n := 0
	for line := range strings.Lines(string(bytes.TrimPrefix(text, []byte("\ufeff")))) {
		n++
		number := strings.TrimSpace(line)
		if err := secret.Check(number); err != nil {
			return nil, fmt.Errorf("reseller.ccportal account %s: line %d of customers_file %s: %q %w", a.Name, n, a.CustomersFile, number, err)
		}
		if number != "" {
			all = append(all, number)
		}
	}
	return all, nil
}
