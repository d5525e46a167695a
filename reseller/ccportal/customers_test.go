package ccportal

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPortalCustomers(t *testing.T) {
	for text, want := range map[string]string{
		"\ufeff10953\r\n\n 10954 \n\u00a010955": "10953,10954,10955",
		"10953\n1095\u200b4\n":                  "line 2 of customers_file",
		"\"10953\"\n":                           "is in quotes",
		"10953\xfe\n":                           "is not UTF-8",
	} {
		a := Account{Name: "k", CustomersFile: filepath.Join(t.TempDir(), "customers.txt")}
		if err := os.WriteFile(a.CustomersFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := a.numbers()
		if joined := strings.Join(got, ","); joined != want && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "1095")) {
			t.Errorf("%q: %q %v, want %s", text, got, err, want)
		}
	}
	if got, err := (Account{Customers: []string{"1", "2"}}).numbers(); err != nil || !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("%q %v", got, err)
	}
	if _, err := (Account{Customers: []string{"1\u200b"}}).numbers(); err == nil {
		t.Error("an invisible character passes")
	}
}
