package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	secretHash = "$2a$04$fz84TLHDa.gUU7iCQ2GyheemHSWI5UalmtIZBhI3YmhU7GEKp/LBS" // of "secret"
	otherHash  = "$2a$04$6wat7JJxlwTXgGsmVi64.eiPyfj2oSDe0IPm6Zz8RsugYCpiPYWyq" // of "other"
	login      = "basic_auth_users: {reader: '" + secretHash + "'}\n"
)

// paths has one path of each kind.
var paths = []string{"/", "/live", "/metrics", "/api/v1/status", "/api/v1/usage", "/-/healthy", "/-/ready", "/assets/" + builtIn().hash + "/page.css", "/none"}

// certificate writes a self-signed certificate for 127.0.0.1 and its key to dir, as page.pem and
// page.key.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	store(t, filepath.Join(dir, "page.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	store(t, filepath.Join(dir, "page.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	known := x509.NewCertPool()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	known.AddCert(cert)
	return known
}

func store(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fetch returns the status and the text of a response, over a new connection.
func fetch(t *testing.T, transport *http.Transport, address, user, password string) (status int, text string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	transport.DisableKeepAlives = true
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func TestLogins(t *testing.T) {
	dir := t.TempDir()
	c := example(nil)
	c.WebConfigFile, c.Socket = filepath.Join(dir, "web.yml"), filepath.Join(dir, "collector.sock")
	store(t, c.WebConfigFile, login)
	address, stop := serve(t, New(c))
	expect := func(when string, want int, user, password string) {
		t.Helper()
		for _, path := range paths {
			status, text, err := fetch(t, &http.Transport{}, address+path, user, password)
			switch {
			case err != nil:
				t.Errorf("%s: %s: %v", when, path, err)
			case want == http.StatusOK && path == "/none":
			case status != want || want != http.StatusOK && (strings.Contains(text, "main") || strings.Contains(text, "example_total")):
				t.Errorf("%s: %s is answered %d, want %d: %s", when, path, status, want, text)
			}
		}
	}
	expect("without a login", http.StatusUnauthorized, "", "")
	expect("another's password", http.StatusUnauthorized, "reader", "other")
	expect("an unknown user", http.StatusUnauthorized, "nobody", "secret")
	expect("no password", http.StatusUnauthorized, "reader", "")
	expect("the right login", http.StatusOK, "reader", "secret")
	store(t, c.WebConfigFile, "basic_auth_users: {reader: '"+otherHash+"'}\n")
	expect("the old password", http.StatusUnauthorized, "reader", "secret")
	expect("the new password", http.StatusOK, "reader", "other")
	store(t, c.WebConfigFile, "basic_auth_users: {reader: \n")
	expect("a file that became wrong", http.StatusInternalServerError, "reader", "other")
	if err := os.Remove(c.WebConfigFile); err != nil {
		t.Fatal(err)
	}
	expect("a file that is gone", http.StatusInternalServerError, "reader", "other")

	// The socket belongs to the commands of the folder's owner.
	if info, err := os.Stat(c.Socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info, err)
	}
	if status, text, err := fetch(t, SocketTransport(c.Socket), "http://collector/api/v1/status", "", ""); status != http.StatusOK || !strings.Contains(text, `"main `) {
		t.Errorf("the socket answers %d %s %v", status, text, err)
	}
	stop()
	// A socket that a killed process left is replaced, however deep the folder is.
	store(t, c.WebConfigFile, login)
	deep := filepath.Join(dir, strings.Repeat("deep/", 60))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	c.Socket = filepath.Join(deep, "collector.sock")
	store(t, c.Socket, "left")
	serve(t, New(c))
	if status, _, err := fetch(t, SocketTransport(c.Socket), "http://collector/-/healthy", "", ""); status != http.StatusOK {
		t.Errorf("the socket in a deep folder answers %d %v", status, err)
	}
}

// TestLinksAreRelative: a proxy may serve the page under any path.
func TestLinksAreRelative(t *testing.T) {
	handler := http.StripPrefix("/desk/alpemix", New(example(nil)).handler)
	page := ask(handler, http.MethodGet, "/desk/alpemix/").Body.String()
	links := regexp.MustCompile(`(?:href|src|action)="([^"#][^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 9 {
		t.Errorf("the page has %d links", len(links))
	}
	script := ask(handler, http.MethodGet, "/desk/alpemix/assets/"+builtIn().hash+"/page.js").Body.String()
	asked := regexp.MustCompile(`open\('GET', '([^']*)'\)`).FindAllStringSubmatch(script, -1)
	if len(asked) != 1 {
		t.Errorf("the script asks %q", asked)
	}
	base := &url.URL{Path: "/desk/alpemix/"}
	for _, link := range append(links, asked...) {
		at, err := base.Parse(link[1])
		if err != nil || !strings.HasPrefix(at.Path, base.Path) {
			t.Errorf("%s leaves the path: %v %v", link[1], at, err)
		} else if w := ask(handler, http.MethodGet, at.Path); w.Code != http.StatusOK {
			t.Errorf("%s is answered %d", at.Path, w.Code)
		}
	}
	if strings.Contains(ask(handler, http.MethodGet, "/desk/alpemix/assets/"+builtIn().hash+"/page.css").Body.String(), "url(/") {
		t.Error("the style sheet loads something from the root")
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	known := certificate(t, dir)
	c := example(nil)
	c.WebConfigFile = filepath.Join(dir, "web.yml")
	const files = "tls_server_config: {cert_file: page.pem, key_file: page.key"
	store(t, c.WebConfigFile, files+"}\n"+login)
	plain, _ := serve(t, New(c))
	metrics := strings.Replace(plain, "http:", "https:", 1) + "/metrics"
	trusting := func() *http.Transport { return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}} }
	if status, text, err := fetch(t, trusting(), metrics, "reader", "secret"); status != http.StatusOK || !strings.Contains(text, "example_total") {
		t.Errorf("%d %v %s", status, err, text)
	}
	if status, _, err := fetch(t, trusting(), metrics, "", ""); status != http.StatusUnauthorized {
		t.Errorf("without a login: %d %v", status, err)
	}
	if status, text, _ := fetch(t, &http.Transport{}, plain+"/metrics", "reader", "secret"); status == http.StatusOK || strings.Contains(text, "example_total") {
		t.Errorf("without TLS: %d %s", status, text)
	}
	store(t, c.WebConfigFile, files+", client_auth_type: RequireAndVerifyClientCert, client_ca_file: page.pem}\n")
	if status, text, err := fetch(t, trusting(), metrics, "reader", "secret"); err == nil {
		t.Errorf("without a certificate of the client: %d %s", status, text)
	}
	with := trusting()
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "page.pem"), filepath.Join(dir, "page.key"))
	if err != nil {
		t.Fatal(err)
	}
	with.TLSClientConfig.Certificates = []tls.Certificate{own}
	if status, _, err := fetch(t, with, metrics, "", ""); status != http.StatusOK {
		t.Errorf("with a certificate of the client: %d %v", status, err)
	}
}

// TestBrokenFilesShowNoValue: neither an error of YAML nor one of the toolkit shows a part of a
// password or hash.
func TestBrokenFilesShowNoValue(t *testing.T) {
	for text, want := range map[string]string{
		"basic_auth_users:\n  reader: [hunter2]\n":                                                  "line 2: cannot unmarshal",
		"basic_auth_users: hunter2\n":                                                               "line 1: cannot unmarshal !!str a value into map",
		"basic_auth_users: hun`ter2 hunter2\n":                                                      "line 1: cannot unmarshal !!str a value into map",
		"reader:hunter2\n":                                                                          "line 1: cannot unmarshal !!str a value into",
		"# new\nbasic_auth_users: {reader: *hunter2}\n":                                             "line 2: text that opens with *",
		"basic_auth_users:\n  reader: &hunter2 [*hunter2]\n":                                        "line 2: cannot unmarshal !!seq",
		"basic_auth_users: !hunter2 {}\nhttp_server_config: {http2: !hunter2 1}\n":                  "line 2: cannot unmarshal a tag",
		"basic_auth_users:\n  reader: {{ hunter2 }}\n":                                              "line 2: cannot unmarshal !!map",
		"basic_auth_users:\n  reader: 'hunter2\n":                                                   "line 2: ",
		"basic_auth_users:\n  reader: \"hunter2\\q\"\n":                                             "line 2: ",
		"basic_auth_users:\n  reader: @hunter2\n":                                                   "line 2: ",
		"basic_auth_users:\n  reader: %hunter2\n":                                                   "line 2: ",
		"basic_auth_users:\n\treader: hunter2\n":                                                    "line 2: ",
		"basic_auth_users:\n  reader: hunter2\xff\n":                                                "line 2: it is not UTF-8",
		"basic_auth_users:\n  reader: hunter2: hunter2\n":                                           "line 2: ",
		"basic_auth_users:\n  reader: hunter2\n  reader: hunter2\n":                                 `line 3: mapping key "reader" already defined at line 2`,
		"basic_auth_users: {reader: hunter2}\n":                                                     `basic_auth_users: the value of "reader" is not a bcrypt hash`,
		"basic_auth_users:\n  reader: " + strings.Repeat("hunter2", 9):                              `basic_auth_users: the value of "reader" is not a bcrypt hash`,
		"basic_auth_users: {reader: $9hunter2" + secretHash + "}\n":                                 `basic_auth_users: the value of "reader" is not a bcrypt hash`,
		"basic_auth_user:\n  reader: hunter2\n":                                                     "line 1: field basic_auth_user not found",
		"http_server_config: {headers: {X-Frame-Options: hunter2}}\n":                               "invalid value for X-Frame-Options",
		"tls_server_config: {min_version: hunter2}\n":                                               "unknown TLS version",
		"tls_server_config: {cipher_suites: [hunter2]}\n":                                           "unknown cipher",
		"tls_server_config: {cert: hunter2, key: hunter2}\n":                                        "failed to find any PEM data",
		"tls_server_config: {cert_file: page.pem, key_file: page.key, client_auth_type: hunter2}\n": "invalid ClientAuth",
		"rate_limit: {interval: hunter2}\n":                                                         "line 1: ",
	} {
		dir := t.TempDir()
		certificate(t, dir)
		file := filepath.Join(dir, "web.yml")
		store(t, file, text)
		_, err := ProtectionOf(file)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "'h'") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestProtection(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir)
	const server = "tls_server_config: {cert_file: page.pem, key_file: page.key"
	for name, c := range map[string]struct {
		text    string
		want    Protection
		problem string
	}{
		"empty":                {text: ""},
		"logins":               {text: login, want: Protection{Logins: 1}},
		"TLS":                  {text: server + "}", want: Protection{TLS: true}},
		"both":                 {text: server + "}\n" + login, want: Protection{TLS: true, Logins: 1}},
		"client certificates":  {text: server + ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: page.pem}", want: Protection{TLS: true, Clients: true}},
		"any client":           {text: server + ", client_auth_type: RequireAnyClientCert}", want: Protection{TLS: true}},
		"unknown key":          {text: "basic_auth_user: {}", problem: "basic_auth_user"},
		"a password as it is":  {text: "basic_auth_users: {reader: secret}", problem: "hash"},
		"no key":               {text: "tls_server_config: {cert_file: page.pem}", problem: "key_file"},
		"no certificate":       {text: "tls_server_config: {cert_file: none.pem, key_file: page.key}", problem: "none.pem"},
		"authority, no policy": {text: server + ", client_ca_file: page.pem}", problem: "Client Auth"},
	} {
		file := filepath.Join(dir, "web.yml")
		store(t, file, c.text)
		got, err := ProtectionOf(file)
		if c.problem == "" && (err != nil || got != c.want) || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if c.problem != "" {
			refused := example(nil)
			refused.WebConfigFile = file
			if err := New(refused).Run(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "http.web_config_file "+file) {
				t.Errorf("%s: Run returns %v", name, err)
			}
		}
	}
	if _, err := ProtectionOf(filepath.Join(dir, "none.yml")); err == nil {
		t.Error("a file that is not there protects")
	}
	if got, err := ProtectionOf(""); err != nil || got != (Protection{}) {
		t.Errorf("%+v %v", got, err)
	}
}
