package config

import (
	"alpemix-collector/internal/secret"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/url"
	"strings"
)

// login is what a vendor knows an account by. Two accounts with one login would be counted twice.
type login struct {
	account string       // its name in the configuration
	key     string       // the key that holds the login, x for a secret that may come from x_file
	secret  secret.Value // the secret of that key, if it is one
	value   string       // equal for equal logins
}

// twins refuses two accounts of one vendor that have the same login.
func twins[A any](l *loader, section place, accounts []A, of func(A) login) error {
	seen := map[string]int{}
	for i, a := range accounts {
		own := of(a)
		first, ok := seen[own.value]
		if !ok {
			seen[own.value] = i
			continue
		}
		key := own.key
		if own.secret.IsFromFile() {
			key += "_file"
		}
		return l.errorf(section.key("accounts").index(i).key(key),
			"account %q has the same login as accounts[%d], %q; its rows would count twice, remove one of the two",
			own.account, first, of(accounts[first]).account)
	}
	return nil
}

func alpemixLogin(a AlpemixAccount) login {
	return login{account: a.Name, key: "main_username", value: fold(a.MainUsername)}
}

func remotePCLogin(a RemotePCAccount) login {
	return login{a.Name, "api_key", a.APIKey, server(a.Endpoint) + " " + strings.TrimSpace(a.APIKey.Reveal())}
}

// ccPortalLogin is the address: the vendor knows the reseller by it.
func ccPortalLogin(a CCPortalAccount) login {
	return login{account: a.Name, key: "base_url", value: server(a.BaseURL)}
}

func serwerSMSLogin(a SerwerSMSAccount) login {
	if !a.Token.Empty() {
		return login{a.Name, "token", a.Token, server(a.Endpoint) + " token " + strings.TrimSpace(a.Token.Reveal())}
	}
	return login{account: a.Name, key: "username", value: server(a.Endpoint) + " user " + fold(a.Username)}
}

func limaCityLogin(a LimaCityAccount) login {
	return login{a.Name, "api_key", a.APIKey, server(a.Endpoint) + " " + strings.TrimSpace(a.APIKey.Reveal())}
}

// fold is a username as a vendor compares it: none of them documents that case matters, so accounts that differ in nothing else
// are taken for one.
func fold(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// server is a web address in one spelling. The path is folded too: CC's own examples differ in its case.
func server(address string) string {
	u, err := url.Parse(address)
	if err != nil { // the address was checked when the configuration was read
		return address
	}
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	return scheme + "://" + net.JoinHostPort(host, port) + strings.TrimRight(strings.ToLower(u.Path), "/")
}

// Login is an account of a vendor and a fingerprint of what the vendor knows it by. It holds no secret.
type Login struct{ Vendor, Account, Fingerprint string }

// Logins are the logins of all accounts. That of Alpemix is the username, wherever the endpoint is.
func (c *Config) Logins() (logins []Login) {
	add := func(vendor string, l login) {
		sum := sha256.Sum256([]byte(vendor + "\x00" + l.value))
		logins = append(logins, Login{vendor, l.account, hex.EncodeToString(sum[:16])})
	}
	for _, a := range c.Alpemix.Accounts {
		add("alpemix", alpemixLogin(a))
	}
	for _, a := range c.Reseller.RemotePC.Accounts {
		add("remotepc", remotePCLogin(a))
	}
	for _, a := range c.Reseller.CCPortal.Accounts {
		add("ccportal", ccPortalLogin(a))
	}
	for _, a := range c.Reseller.SerwerSMS.Accounts {
		add("serwersms", serwerSMSLogin(a))
	}
	for _, a := range c.Reseller.LimaCity.Accounts {
		add("limacity", limaCityLogin(a))
	}
	return logins
}
