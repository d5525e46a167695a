package reseller

import (
	"net"
	"net/url"
	"strings"

	"alpemix-collector/internal/secret"
)

// Login is what a vendor knows an account by. Two accounts with one login would be counted twice.
type Login struct {
	Account string       // its name in the configuration
	Key     string       // the key that holds the login, x for a secret that may come from x_file
	Secret  secret.Value // the secret of that key, if it is one
	Value   string       // equal for equal logins
}

// SameUser is a username as a vendor compares it: none of them documents that case matters, so accounts that differ in nothing
// else are taken for one.
func SameUser(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// SameServer is a web address in one spelling. The path is folded too: CC's own examples differ in its case.
func SameServer(address string) string {
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
