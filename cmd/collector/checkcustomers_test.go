package main

import (
	"bytes"
	"strings"
	"testing"

	"alpemix-collector/internal/config"
)

func TestCheckReadsTheCustomersFile(t *testing.T) {
	c, err := config.Load("", []string{"COLLECTOR_RESELLER_REMOTEPC_ACCOUNTS_0_NAME=eu", "COLLECTOR_RESELLER_REMOTEPC_ACCOUNTS_0_API_KEY=k"})
	if err != nil {
		t.Fatal(err)
	}
	const head = "customer,vendor,account,field,value\n"
	for name, tc := range map[string]struct{ text, want string }{
		"good":    {head + "A,remotepc,eu,customer,x\n", "ok    customers: FILE has 1 lines\n"},
		"wrong":   {head + "A,remotpc,eu,customer,x\n", "FAIL  customers: FILE: line 2: vendor "},
		"account": {head + "A,remotepc,us,customer,x\n", `ok    customers: FILE has 1 lines; possible mistakes: line 2: account "us" of remotepc is not configured (configured: eu)`},
		"names":   {head + "A,remotepc,,customer,x\na,remotepc,,customer,y\n", `ok    customers: FILE has 2 lines; possible mistakes: line 3: customer "a" and "A" of line 2`},
	} {
		c.CustomersFile = write(t, "customers.csv", tc.text)
		var out bytes.Buffer
		k := &checkRun{app: &app{stdout: &out}, config: c}
		k.customers()
		if want := strings.ReplaceAll(tc.want, "FILE", c.CustomersFile); !strings.HasPrefix(out.String(), want) || k.broken != (name == "wrong") {
			t.Errorf("%s: %s, want %s", name, out.String(), want)
		}
	}
	c.CustomersFile = ""
	var out bytes.Buffer
	(&checkRun{app: &app{stdout: &out}, config: c}).customers()
	if want := "ok    customers: no customers_file is configured: all connections are (unmapped)\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
