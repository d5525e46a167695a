package config

import (
	"crypto/sha256"
	"encoding/hex"

	"alpemix-collector/report"
	"alpemix-collector/reseller"
)

// account is one of any vendor.
type account interface{ Login() reseller.Login }

// twins refuses two accounts of one vendor that have the same login.
func twins[A account](l *loader, section place, accounts []A) error {
	seen := map[string]int{}
	for i, a := range accounts {
		own := a.Login()
		first, ok := seen[own.Value]
		if !ok {
			seen[own.Value] = i
			continue
		}
		key := own.Key
		if own.Secret.IsFromFile() {
			key += "_file"
		}
		return l.errorf(section.key("accounts").index(i).key(key),
			"account %q has the same login as accounts[%d], %q; its rows would count twice, remove one of the two",
			own.Account, first, accounts[first].Login().Account)
	}
	return nil
}

// Login is what the vendor knows the account by: the username, wherever the endpoint is.
func (a AlpemixAccount) Login() reseller.Login {
	return reseller.Login{Account: a.Name, Key: "main_username", Value: reseller.SameUser(a.MainUsername)}
}

// Logins are the logins of all accounts, each with its fingerprint. They hold no secret.
func (c *Config) Logins() (logins []report.Login) {
	add := func(vendor string, l reseller.Login) {
		sum := sha256.Sum256([]byte(vendor + "\x00" + l.Value))
		logins = append(logins, report.Login{Vendor: vendor, Account: l.Account, Fingerprint: hex.EncodeToString(sum[:16])})
	}
	for _, a := range c.Alpemix.Accounts {
		add("alpemix", a.Login())
	}
	for _, v := range c.Reseller.Vendors {
		for _, a := range v.Openers() {
			add(v.Name, a.Login())
		}
	}
	return logins
}
