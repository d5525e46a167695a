package main

import (
	"fmt"

	"alpemix-collector/keyring"
	"alpemix-collector/report"
)

// rename recognises accounts that have got another name in the configuration, and moves what is known of them there.
func (d *daemon) rename() error {
	var logins []report.Login
	for _, l := range d.config.Logins() {
		logins = append(logins, report.Login(l))
	}
	renamed, err := d.state.Rename(logins)
	if err != nil {
		return fmt.Errorf("recognising renamed accounts: %w", err)
	}
	for _, m := range renamed {
		d.log.Warn("an account has another name in the configuration but the same login: its rows move to the new name; "+
			"change lines of customers.csv and dashboards that name the account", "vendor", m.Vendor, "before", m.From, "now", m.To)
	}
	if err := d.moveKeys(renamed); err != nil { // nothing is lost, and collecting does not need them
		d.log.Error("keys of lima-city's customers could not be moved to the new name of their account", "err", err)
	}
	return nil
}

// moveKeys moves the keys of lima-city's customers.
func (d *daemon) moveKeys(renamed []report.Move) error {
	accounts := map[string]string{}
	for _, m := range renamed {
		if m.Vendor == "limacity" {
			accounts[m.From] = m.To
		}
	}
	return keyring.New(d.config.StateDir).Rename(accounts)
}
