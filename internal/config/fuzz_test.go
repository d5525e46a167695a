package config

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"alpemix-collector/internal/secret"

	"go.yaml.in/yaml/v3"
)

// sources are configurations to begin with: the example, the invalid ones, and some of our own.
func sources(f *testing.F) (texts []string) {
	f.Helper()
	files, err := filepath.Glob("testdata/invalid-*.yml")
	if err != nil || len(files) == 0 {
		f.Fatal("no files", err)
	}
	for _, file := range append(files, "../../collector.example.yaml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return append(texts,
		"clickhouse: {dsn: 'clickhouse://u:p4ss5word@h:9000/d?password=w0rd1', password: s3cr3tword}\n",
		"alpemix: {accounts: [{name: a, main_username: u, secret_key: *h1dd3n}, {name: b, main_username: v, secret_key: !!int h4dd3n}]}\n",
		"a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\nreseller: {limacity: {accounts: *c}}\n",
		"alpemix:\n  schedule: {today: \"@every 5m\", yesterday: \"0 0 29 2 *\"}\n  limits: {window: 1h30m}\nretention: {raw: 0x10d}\n",
		"reseller: {thresholds: [80], webhook: {url: 'https://u:h00k3d1x@h/x'}}\n",
		"? {a: b}\n: c\n1: 2\n<<: {x: y}\n\"a\\nb\": 3\n", "--- !x\n...\n%YAML 9\n---\nnull: ~\n", "\xff\xfe", "\t", "log: 2001-01-01\nhttp: 1_0\n",
	)
}

// secretKeys are the keys whose values nothing may show.
var secretKeys = []string{"secret_key", "api_key", "token", "password", "url"}

// unredacted is a printed configuration with something to load in the place of each secret.
func unredacted(text string) string {
	return strings.NewReplacer("url: "+secret.Redacted, "url: https://hook.example/", secret.Redacted, "redacted").Replace(text)
}

// distinct is a secret that no sentence of ours holds by chance.
var distinct = regexp.MustCompile(`^[A-Za-z_-]+\d[A-Za-z_-]+\d[A-Za-z0-9_-]*$`)

// secretsIn are the values of secret keys in a file and an environment, as far as they differ from all else.
func secretsIn(text string, environ []string) (secrets []string) {
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && slices.Contains(secretKeys, strings.ToLower(n.Content[i-1].Value)) && child.Kind == yaml.ScalarNode {
				secrets = append(secrets, child.Value)
			}
			if child.Kind != yaml.AliasNode {
				walk(child)
			}
		}
	}
	var document yaml.Node
	if yaml.Unmarshal([]byte(text), &document) == nil {
		walk(&document)
	}
	for _, m := range regexp.MustCompile(`(?mi)(?:secret_key|api_key|token|password|url): *['"]?([^\s'"{}\[\],]+)`).FindAllStringSubmatch(text, -1) {
		secrets = append(secrets, strings.TrimLeft(m[1], "*&!|>"))
	}
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); slices.ContainsFunc(secretKeys, func(key string) bool { return strings.HasSuffix(name, "_"+strings.ToUpper(key)) }) {
			secrets = append(secrets, value)
		}
	}
	all := text + "\n" + strings.Join(environ, "\n")
	return slices.DeleteFunc(secrets, func(s string) bool { return !distinct.MatchString(s) || strings.Count(all, s) > 1 })
}

// FuzzLoad: any file and environment load or are refused in one line that names the source and a key, or a line; no secret is
// in it; and what loads is printed such that it loads again as the same.
func FuzzLoad(f *testing.F) {
	for _, text := range sources(f) {
		f.Add(text, "")
	}
	f.Add("", "COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=a\nCOLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u\nCOLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=hunt3r2x")
	f.Add("log: {level: warn}\n", "COLLECTOR_LOG_LEVLE=info\nCOLLECTOR_RESELLER_CCPORTAL_ACCOUNTS_0_CUSTOMERS=1,2, 3\nCOLLECTOR_CLICKHOUSE_DSN=http://u:hunt3r2@h")
	var every []string
	for _, l := range leaves() {
		every = append(every, l.Env+"="+cmp.Or(l.Default, "x1y2z3"))
	}
	f.Add("", strings.Join(every, "\n"))
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("fr0m-a-f1le\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, environment string) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		environ := strings.Split(environment, "\n")
		file := filepath.Join(dir, "c.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		secrets := secretsIn(text, environ)
		c, err := Load(file, environ)
		if err != nil {
			checkError(t, err, file, secrets)
			return
		}
		first := printed(t, c)
		shown := fmt.Sprintf("%v %+v %#v %s %q", c, c, c, first, c.Warnings)
		for _, s := range append(secrets, "fr0m-a-f1le") {
			if strings.Contains(shown, s) {
				t.Errorf("%q is in %s", s, shown)
			}
		}
		if err := os.WriteFile(file, []byte(unredacted(first)), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Load(file, nil)
		if err != nil {
			t.Fatalf("%v, in the printed configuration\n%s", err, first)
		}
		if second := printed(t, again); unredacted(first) != unredacted(second) {
			t.Errorf("printed\n%s\nand read again\n%s", first, second)
		}
	})
}

var lineNumber = regexp.MustCompile(`\bline \d+`)

func checkError(t *testing.T, err error, file string, secrets []string) {
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("error %T %v", err, err)
	}
	text := e.Error()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%q is in %s", s, text)
		}
	}
	if e.Source != file && e.Source != "environment" || e.Problem == "" || strings.ContainsFunc(text, unicode.IsControl) || len(text) > 4000 {
		t.Errorf("the error is no short line: %q", text)
	}
	if e.Key == "" && !lineNumber.MatchString(text) && !strings.Contains(text, "has to start with keys") {
		t.Errorf("neither a key nor a line is in %q", text)
	}
}
