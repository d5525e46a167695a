package config

import (
	"slices"
	"testing"

	"alpemix-collector/internal/secret"
)

func TestRenewTakesOverSecretsAlone(t *testing.T) {
	load := func(text string) *Config {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, "key", "from a file")
		c, err := Load(write(t, dir, "c.yaml", text), nil)
		if err != nil {
			t.Fatal(err)
		}
		c.StateDir, c.CustomersFile = "", "" // they are in dir
		return c
	}
	const before = `
timezone: UTC
clickhouse: {dsn: "http://u:old@h:8123/d"}
alpemix: {accounts: [{name: a, main_username: u, secret_key: old-a}, {name: b, main_username: v, secret_key: old-b}]}
reseller: {serwersms: {accounts: [{name: pl, token: old}]}, limacity: {accounts: [{name: de, api_key: old}]}}
`
	c, newer := load(before), load(`
timezone: Europe/Berlin
clickhouse: {dsn: "http://u:new@h:8123/d"}
alpemix: {accounts: [{name: b, main_username: other, secret_key: new-b}, {name: a, main_username: u, secret_key: old-a}, {name: c, main_username: w, secret_key: c}]}
reseller: {serwersms: {accounts: [{name: pl, token: new, endpoint: "http://h"}]}, limacity: {accounts: [{name: de, api_key_file: key}]}}
`)
	valueAt(t, newer, "reseller.limacity.accounts[0].api_key_file").SetString("") // in its own folder
	r, secrets, others := c.Renew(newer)
	if want := []string{"clickhouse.dsn", "alpemix.accounts[b].secret_key", "reseller.serwersms.accounts[pl].token", "reseller.limacity.accounts[de].api_key_file"}; !slices.Equal(secrets, want) {
		t.Errorf("secrets %q", secrets)
	}
	if want := []string{"timezone", "alpemix.accounts[a].timezone", "alpemix.accounts[b].main_username", "alpemix.accounts[b].timezone", "alpemix.accounts", "reseller.serwersms.accounts[pl].endpoint"}; !slices.Equal(others, want) {
		t.Errorf("others %q", others)
	}
	if r.Timezone != "UTC" || len(r.Alpemix.Accounts) != 2 || r.Alpemix.Accounts[1].SecretKey.Reveal() != "new-b" || r.Alpemix.Accounts[1].MainUsername != "v" ||
		r.Alpemix.Accounts[0].SecretKey.Reveal() != "old-a" || r.ClickHouse.DSN.Reveal() != "http://u:new@h:8123/d" || valueAt(t, r, "reseller.limacity.accounts[0].api_key").Interface().(secret.Value).Reveal() != "from a file" {
		t.Errorf("%#v", r)
	}
	if c.Alpemix.Accounts[1].SecretKey.Reveal() != "old-b" || c.ClickHouse.DSN.Reveal() != "http://u:old@h:8123/d" {
		t.Error("the configuration in use was changed")
	}
	if _, secrets, others = c.Renew(load(before)); len(secrets)+len(others) > 0 {
		t.Errorf("of the same: %q %q", secrets, others)
	}
	if _, secrets, others = c.Renew(load(`clickhouse: {dsn: "http://u:new@other:8123/d"}`)); len(secrets) > 0 || !slices.Contains(others, "clickhouse.dsn") {
		t.Errorf("of another server: %q %q", secrets, others)
	}
}
