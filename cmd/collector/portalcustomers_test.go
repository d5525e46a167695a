package main

import (
	"slices"
	"strings"
	"testing"

	"alpemix-collector/cmd/collector/config"
)

func TestPortalCustomers(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeff10953\r\n\n 10954 \n\u00a010955": "10953,10954,10955",
		"10953\n1095\u200b4\n":                  "line 2 of customers_file",
		"\"10953\"\n":                           "is in quotes",
		"10953\xfe\n":                           "is not UTF-8",
	} {
		a := config.CCPortalAccount{Name: "k", CustomersFile: write(t, "customers.txt", text)}
		got, err := portalCustomers(a)
		if joined := strings.Join(got, ","); joined != want && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %q %v, want %s", text, got, err, want)
		}
	}
	if got, err := portalCustomers(config.CCPortalAccount{Customers: []string{"1", "2"}}); err != nil || !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("%q %v", got, err)
	}
	if _, err := portalCustomers(config.CCPortalAccount{Customers: []string{"1\u200b"}}); err == nil {
		t.Error("an invisible character passes")
	}
}
