package web

import (
	"os"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// Protection is what a file of Config.WebConfigFile sets.
type Protection struct {
	TLS     bool
	Clients bool // only clients with a certificate of a known authority are answered
	Logins  int
}

// ProtectionOf reads the file and the certificates that it names; "" protects nothing. It is an error if the server would
// not start with them.
func ProtectionOf(file string) (Protection, error) {
	if file == "" {
		return Protection{}, nil
	}
	if err := toolkit.Validate(file); err != nil {
		return Protection{}, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Protection{}, err
	}
	var form struct {
		TLS struct {
			Cert       string `yaml:"cert"`
			CertFile   string `yaml:"cert_file"`
			ClientAuth string `yaml:"client_auth_type"`
		} `yaml:"tls_server_config"`
		Users map[string]string `yaml:"basic_auth_users"`
	}
	if err := yaml.Unmarshal(text, &form); err != nil {
		return Protection{}, err
	}
	return Protection{
		TLS: form.TLS.Cert != "" || form.TLS.CertFile != "", Clients: form.TLS.ClientAuth == "RequireAndVerifyClientCert",
		Logins: len(form.Users),
	}, nil
}

// String is p in words.
func (p Protection) String() string {
	var parts []string
	if p.TLS {
		parts = append(parts, "TLS")
	}
	if p.Clients {
		parts = append(parts, "client certificates")
	}
	if p.Logins > 0 {
		parts = append(parts, plural(p.Logins, "login", "logins"))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
