package main

import (
	"fmt"
	"strings"
)

// doubtful names the first of the warnings about customers.csv.
func doubtful(warnings []string) string {
	const most = 5
	switch n := len(warnings); {
	case n == 0:
		return ""
	case n > most:
		first := strings.Join(warnings[:most], "; ")
		return fmt.Sprintf("; possible mistakes: %s; and %d more", first, n-most)
	}
	return "; possible mistakes: " + strings.Join(warnings, "; ")
}

// accountNames are the configured accounts by vendor.
func (k *checkRun) accountNames() map[string][]string {
	names := map[string][]string{}
	for _, a := range k.config.Alpemix.Accounts {
		names["alpemix"] = append(names["alpemix"], a.Name)
	}
	for _, v := range k.config.Reseller.Vendors {
		for _, o := range v.Openers() {
			names[v.Name] = append(names[v.Name], o.Login().Account)
		}
	}
	return names
}
