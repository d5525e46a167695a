package vendors_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/reseller"
	"alpemix-collector/reseller/action"
	"alpemix-collector/reseller/vendors"
	sim "alpemix-collector/simulator/reseller"
	"alpemix-collector/vendorhttp"
)

// TestVendors: none lacks what the others have.
func TestVendors(t *testing.T) {
	colors := map[string]string{}
	for _, v := range vendors.All {
		t.Run(v.Name, func(t *testing.T) {
			title, does, _ := strings.Cut(v.Short, ": ")
			if v.Name == "" || title == "" || does == "" {
				t.Errorf("name %q, %q", v.Name, v.Short)
			}
			if other := colors[v.Color]; v.Color == "" || other != "" {
				t.Errorf("color %q, which %q has too", v.Color, other)
			}
			colors[v.Color] = v.Name
			checkConfiguration(t, v)
			checkTwin(t, v)
			for page, words := range map[string]string{
				"docs/resellers.md": title, "docs/customers.md": "`" + v.Name + "`", "docs/configuration.md": "`reseller." + v.Name + ".accounts[]`",
				"collector.example.yaml": "\n  " + v.Name + ":", "dashboards/customers.json": `"` + v.Name + `"`, "dashboards/health.json": `"` + v.Name + `"`,
			} {
				if text, err := os.ReadFile("../../" + page); err != nil || !strings.Contains(string(text), words) {
					t.Errorf("%s does not say %q: %v", page, words, err)
				}
			}
			if len(v.Actions) == 0 {
				t.Error("no actions")
			}
			for _, a := range v.Actions {
				checkAction(t, a, "collector reseller "+v.Name)
			}
		})
	}
}

// checkConfiguration makes an account with a name and nothing else: a client has to come of it, or an error that names the vendor.
func checkConfiguration(t *testing.T, v *reseller.Vendor) {
	section := reflect.ValueOf(v.Config()).Elem()
	accounts := section.FieldByName("Accounts")
	accounts.Set(reflect.MakeSlice(accounts.Type(), 1, 1))
	accounts.Index(0).FieldByName("Name").SetString("main")
	address := accounts.Index(0).FieldByName("Endpoint")
	if !address.IsValid() {
		address = accounts.Index(0).FieldByName("BaseURL")
	}
	address.SetString("https://vendor.example/api")
	opener := section.Addr().Interface().(reseller.Section).Openers()[0]
	if l := opener.Login(); l.Account != "main" || l.Key == "" || !strings.Contains(l.Value, "://vendor.example") {
		t.Errorf("login %+v", l)
	}
	client, err := opener.Open("1", vendorhttp.DryRun{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := client.Snapshot(t.Context(), nil)
	if s.Vendor != v.Name || s.Account != "main" {
		t.Errorf("snapshot of %s %s: %v", s.Vendor, s.Account, err)
	}
	if _, err := client.Check(t.Context()); err == nil && !isByCustomer(client) { // nobody is asked about no customers
		t.Error("a check of nothing that was sent is none")
	}
}

func isByCustomer(c reseller.Client) bool { _, ok := c.(reseller.ByCustomer); return ok }

// checkTwin: the simulator plays the vendor, for an account of the demonstration.
func checkTwin(t *testing.T, v *reseller.Vendor) {
	if !slices.ContainsFunc(sim.Labels(), func(l sim.Label) bool { return l.Vendor == v.Name }) {
		t.Fatal("nobody plays it")
	}
	if len(sim.Modes(v.Name)) == 0 || len(sim.New(v.Name, sim.Options{}).Accounts()) == 0 {
		t.Error("the played one has no modes, or no account")
	}
}

func checkAction(t *testing.T, a action.Action, command string) {
	command += " " + strings.Fields(a.Use)[0]
	does := 0
	for _, has := range []bool{a.Read != nil, a.Print != nil, a.Change != nil} {
		if has {
			does++
		}
	}
	switch {
	case does > 1 || does == 0 && len(a.Actions) == 0:
		t.Errorf("%s does %d things", command, does)
	case a.Short == "" || does == 1 && !strings.Contains(a.Example, command):
		t.Errorf("%s has no help or no example", command)
	case a.Local && a.Change != nil:
		t.Errorf("%s changes something at the vendor, and is local", command)
	}
	if a.Secret != nil && strings.Contains(fmt.Sprintf(a.Secret.Whose, "x"), "%!") {
		t.Errorf("%s: whose the secret is: %q", command, a.Secret.Whose)
	}
	for _, f := range a.Flags {
		if f.Usage == "" || f.Default == nil {
			t.Errorf("%s --%s has no help or no default", command, f.Name)
		}
	}
	for _, below := range a.Actions {
		checkAction(t, below, command)
	}
}
