package web

import (
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// Protection is what a file of Config.WebConfigFile sets.
type Protection struct {
	TLS     bool
	Clients bool // only clients with a certificate of a known authority are answered
	Names   bool // and only those with one of the listed names
	Logins  int
}

// ProtectionOf reads the file and the certificates that it names; "" protects nothing. It is an error if the server would
// not start with them.
func ProtectionOf(file string) (Protection, error) {
	if file == "" {
		return Protection{}, nil
	}
	rules, err := readRules(file)
	if err != nil {
		return Protection{}, err
	}
	return rules.Protection, nil
}

// rules are a file of Config.WebConfigFile.
type rules struct {
	toolkit.Config
	Protection
	tls *tls.Config // nil: no TLS
}

func readRules(file string) (*rules, error) {
	if err := toolkit.Validate(file); err != nil {
		return nil, withoutValues(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The toolkit reads the file by itself only, and its defaults are these.
	r := &rules{Config: toolkit.Config{
		TLSConfig:  toolkit.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: toolkit.HTTPConfig{HTTP2: true},
	}}
	if err := yaml.Unmarshal(text, &r.Config); err != nil {
		return nil, withoutValues(err)
	}
	r.TLSConfig.SetDirectory(filepath.Dir(file))
	r.Logins = len(r.Users)
	if !r.TLSConfig.IsEnabled() {
		return r, nil
	}
	if r.tls, err = toolkit.ConfigToTLSConfig(&r.TLSConfig); err != nil {
		return nil, err
	}
	r.tls.NextProtos = []string{"http/1.1"}
	if r.HTTPConfig.HTTP2 {
		r.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	r.TLS = true
	r.Clients = r.tls.ClientAuth == tls.RequireAndVerifyClientCert
	r.Names = r.Clients && r.tls.VerifyPeerCertificate != nil
	return r, nil
}

// withoutValues leaves out what an error of YAML quotes: it may be a password.
func withoutValues(err error) error {
	return errors.New(quotedValue.ReplaceAllString(err.Error(), "`…`"))
}

var quotedValue = regexp.MustCompile("`[^`]*`")

// lacks names what p has and now has not, "" if there is nothing. Certificates of clients may take the place of logins.
func (p Protection) lacks(now Protection) string {
	switch {
	case p.TLS && !now.TLS:
		return "TLS"
	case p.Clients && !now.Clients:
		return "client certificates"
	case p.Names && !now.Names:
		return "the names of client certificates"
	case p.Logins > 0 && now.Logins == 0 && (p.Clients || !now.Clients):
		return "logins"
	}
	return ""
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
