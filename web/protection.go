package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/bcrypt"

	"alpemix-collector/internal/secret"
)

// Protection is what a Config.WebConfigFile sets.
type Protection struct {
	TLS     bool
	Clients bool // only clients with a certificate of a known authority are admitted
	Names   bool // and only those with one of the listed names
	Logins  int
}

// ProtectionOf reads the file and the certificates that it names; "" means no protection. It
// returns an error if the server would not start with them.
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

// rules is the content of a Config.WebConfigFile.
type rules struct {
	toolkit.Config
	Protection
	tls *tls.Config // nil: no TLS
}

// readRules reads a file. Its error shows no value of it: that may be a password.
func readRules(file string) (*rules, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The toolkit has no exported function to read the file. These are its defaults.
	r := &rules{Config: toolkit.Config{
		TLSConfig:  toolkit.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: toolkit.HTTPConfig{HTTP2: true},
	}}
	if err := yaml.Unmarshal(text, &r.Config); err != nil {
		return nil, problemOf(text, err)
	}
	for _, user := range slices.Sorted(maps.Keys(r.Users)) {
		if _, err := bcrypt.Cost([]byte(r.Users[user])); err != nil {
			return nil, fmt.Errorf("basic_auth_users: the value of %q is not a bcrypt hash; htpasswd -nB makes one", user)
		}
	}
	if err := toolkit.Validate(file); err != nil {
		return nil, problemOf(text, err)
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

// problemOf returns an error about the file without the values in it, which may be passwords.
func problemOf(text []byte, err error) error {
	return errors.New(namedValue.ReplaceAllString(secret.YAMLProblem(text, err), "$2"))
}

// namedValue is where an error of the toolkit shows a value.
var namedValue = regexp.MustCompile(`(, but got|(cipher|curve|TLS version|ClientAuth)): .*`)

// lacks returns what p sets and now does not, or "". Client certificates may replace logins.
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

// String describes p in words.
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
