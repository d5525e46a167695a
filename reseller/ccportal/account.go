package ccportal

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"alpemix-collector/internal/secret"
	"alpemix-collector/reseller"
	"alpemix-collector/vendorhttp"
)

// Account is one reseller's portal; it has no login, the vendor knows the caller's address.
type Account struct {
	Name          string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	BaseURL       string         `yaml:"base_url" check:"required,url" doc:"Web address of the portal's API; it carries the reseller's name."`
	Customers     []string       `yaml:"customers" doc:"Customer numbers, in quotes; the portal has no call that lists them."`
	CustomersFile string         `yaml:"customers_file" path:"" check:"readable" doc:"File with one customer number a line, instead of customers; read at the start."`
	Format        string         `yaml:"format" default:"json" check:"oneof=json|xml" doc:"json or xml."`
	TLS           vendorhttp.TLS `yaml:"tls"`
}

// Check returns what is wrong between keys.
func (a Account) Check() (key, problem string) {
	if len(a.Customers) > 0 && a.CustomersFile != "" {
		return "customers_file", "is given together with customers; give one of them"
	}
	return "", ""
}

// Login implements reseller.Opener. It is the address: the vendor knows the reseller by it.
func (a Account) Login() reseller.Login {
	return reseller.Login{Account: a.Name, Key: "base_url", Value: reseller.SameServer(a.BaseURL)}
}

// Open implements reseller.Opener.
func (a Account) Open(version string, rt http.RoundTripper) (reseller.Client, error) {
	return New(a, version, rt)
}

// numbers are the customers' (ParCustId), from the configuration or from its file with one a line.
func (a Account) numbers() ([]string, error) {
	if a.CustomersFile == "" {
		for _, number := range a.Customers {
			if err := secret.Check(number); err != nil {
				return nil, fmt.Errorf("reseller.ccportal account %s: customers: %q %w", a.Name, number, err)
			}
		}
		return slices.Clone(a.Customers), nil
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
			return nil, fmt.Errorf("reseller.ccportal account %s: line %d of customers_file %s %w", a.Name, n, a.CustomersFile, err)
		}
		if number != "" {
			all = append(all, number)
		}
	}
	return all, nil
}
