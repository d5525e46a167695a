package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"alpemix-collector/internal/config"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

// ConfigFile is the configuration of a demonstration, in its folder: with it check and reseller speak with its simulators.
const ConfigFile = "collector.yaml"

// Config writes the configuration with the simulators for vendors, and reads it as run would. What the environment says of the rest holds.
func (d *Vendors) Config(dir, dsn string, environ []string) (*config.Config, error) {
	folder, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	type settings = map[string]any
	accounts := func(account settings) settings { return settings{"accounts": []settings{account}} }
	all := settings{
		"state_dir": folder, "customers_file": customersOf(folder), "clickhouse": settings{"dsn": dsn},
		"alpemix": settings{"endpoint": d.addresses["alpemix"], "accounts": []settings{{
			"name": account, "main_username": account, "secret_key": secretKey, "timezone": simulator.Istanbul.String(),
		}}},
	}
	resellers := settings{}
	for _, l := range world.Labels() {
		resellers[l.Vendor] = accounts(d.resellers[l.Vendor].Settings(l.Account, d.addresses[l.Vendor]))
	}
	all["reseller"] = resellers
	file := filepath.Join(folder, ConfigFile)
	load := func() (*config.Config, error) {
		text, err := yaml.Marshal(all)
		if err != nil {
			return nil, err
		}
		text = append([]byte("# Written by collector demo at each start: the addresses change. The keys open nothing but its simulators.\n"), text...)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, fmt.Errorf("--state: %w", err)
		}
		return config.Load(file, slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
			return slices.ContainsFunc([]string{"ALPEMIX_", "RESELLER_", "STATE_DIR=", "CUSTOMERS_FILE=", "CLICKHOUSE_DSN="}, func(of string) bool {
				return strings.HasPrefix(pair, config.EnvPrefix+of)
			})
		}))
	}
	c, err := load()
	if err != nil {
		return nil, err
	}
	// What the environment says of its addresses and of ClickHouse, for commands in another environment.
	all["http"] = settings{"listen": c.HTTP.Listen, "hosts": c.HTTP.Hosts}
	all["clickhouse"] = settings{
		"dsn": dsn, "password_file": c.ClickHouse.PasswordFile, "database": c.ClickHouse.Database,
		"embedded": settings{"listen": c.ClickHouse.Embedded.Listen, "library": c.ClickHouse.Embedded.Library},
	}
	if c, err = load(); err != nil {
		return nil, err
	}
	c.Warnings = nil
	return c, nil
}
