package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"alpemix-collector/internal/secret"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInvalid reads every testdata/invalid-*.yml: the first line is a comment with the exact message, %s standing for the file.
func TestInvalid(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid-*.yml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want := file + ": " + strings.TrimPrefix(first, "# ")
			_, err = Load(file, nil)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestDefaultsAreContract(t *testing.T) {
	c, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Reseller.Vendors {
		if v.Cron() != "@hourly" {
			t.Errorf("%s is read %s", v.Name, v.Cron())
		}
	}
	got := strings.TrimSuffix(fmt.Sprintln(c.StateDir, c.Timezone, c.Log, c.HTTP, c.ClickHouse, c.Retention, c.Privacy, c.CustomersFile,
		c.Alpemix, c.Reseller.Thresholds, c.Reseller.Webhook), "\n")
	want := "state Europe/Istanbul {info text} {127.0.0.1:9187 [] } {embedded   alpemix  {127.0.0.1:8123 }} {0 0 400d} {[]} customers.csv" +
		" {https://www.alpemix.com:5900/api {POST application/json} {3 5 1m ip} 1024 { 1.2} {@every 20s 5 0,3,6,9,12,15,18,21,23 * * *} []} [80 100] {  10s { 1.2}}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExampleIsCompleteAndLoads(t *testing.T) {
	const example = "../../collector.example.yaml"
	key := write(t, t.TempDir(), "key", "k\n")
	c, err := Load(example, []string{"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY_FILE=" + key})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Alpemix.Accounts[0].SecretKey.Reveal() != "k" {
		t.Error("secret not read")
	}
	c.Alpemix.Accounts = nil
	for _, path := range []*string{&plain.StateDir, &plain.CustomersFile} {
		*path = filepath.Join(filepath.Dir(example), *path)
	}
	if a, b := printed(t, c), printed(t, plain); a != b {
		t.Errorf("the example's values are not the defaults:\n%s\n%s", a, b)
	}
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	// Of the twins of a secret the example shows one.
	shown := strings.NewReplacer("secret_key_file:", "secret_key_file: secret_key:", "api_key_file:", "api_key_file: api_key:",
		"token_file:", "token_file: token:", "password_file:", "password_file: password:").Replace(string(text))
	for _, l := range leaves() {
		key := l.Path[strings.LastIndexByte(l.Path, '.')+1:]
		if !strings.Contains(shown, key+":") {
			t.Errorf("%s is not in the example", l.Path)
		}
	}
}

func printed(t *testing.T, c *Config) string {
	t.Helper()
	b, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryKeyIsDocumentedAndHasACheckThatExists(t *testing.T) {
	for _, l := range leaves() {
		if l.Doc == "" || !strings.HasSuffix(l.Doc, ".") {
			t.Errorf("%s: doc %q is not a sentence", l.Path, l.Doc)
		}
	}
	others := "required positive percents second retention columns hosts dsn"
	sample := reflect.ValueOf(newConfig()).Elem()
	growLists(sample)
	_ = walk(sample, place{}, func(f field, _ []field, at place) error {
		for rule := range strings.SplitSeq(f.tag.Get("check"), ",") {
			name, _, _ := strings.Cut(rule, "=")
			if _, ok := textRules[name]; !ok && !strings.Contains(others, name) {
				t.Errorf("%s: no check %q", at.path, name)
			}
		}
		return nil
	})
}

func TestReferenceIsUpToDate(t *testing.T) {
	got, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Reference() {
		t.Error("docs/configuration.md is stale: run go generate ./internal/config")
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "key", "s\r\n\n")
	file := write(t, dir, "c.yaml", "state_dir: data\nalpemix: {accounts: [{name: a, main_username: u, secret_key_file: key}]}\n")
	c, err := Load(file, []string{"COLLECTOR_CUSTOMERS_FILE=who.csv"})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Alpemix.Accounts[0]
	if c.StateDir != filepath.Join(dir, "data") || c.CustomersFile != filepath.Join(dir, "who.csv") || a.SecretKey.Reveal() != "s" {
		t.Errorf("%q %q %q", c.StateDir, c.CustomersFile, a.SecretKey.Reveal())
	}
	if a.Timezone != "Europe/Istanbul" || a.Location().String() != "Europe/Istanbul" {
		t.Errorf("zone %q is not inherited", a.Timezone)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings %q", c.Warnings)
	}
}

func TestWarnings(t *testing.T) {
	dir := t.TempDir()
	key := write(t, dir, "key", "s")
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	file := write(t, dir, "c.yaml", `alpemix:
  endpoint: http://gateway.example/api
  limits: {reports: 4, tokens: 6}
  schedule: {today: "*/10 8-18 * * *", yesterday: "0 9 * * 1-5"}
  accounts: [{name: a, main_username: u, secret_key_file: key}]
reseller: {thresholds: [], webhook: {url: "http://ops:hunter2@hooks.example:8080/in"}, limacity: {accounts: [{name: de, api_key: k}]}}
`)
	c, err := Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"alpemix.accounts[0].secret_key_file: " + key + " can be read by every user of this machine; chmod 600 it",
		"alpemix.endpoint: http://gateway.example is not encrypted; the secret key would cross the network in the clear",
		"alpemix.limits.reports: alpemix.txt allows 3 report requests a minute; the vendor refuses more (error 205)",
		"alpemix.limits.tokens: alpemix.txt allows 5 token requests a minute; the vendor then blocks the IP address (error 204)",
		`alpemix.schedule.today: "*/10 8-18 * * *" leaves up to 13h10m between two reads; connections show up that late, and the last of a day only in the next day's read`,
		`alpemix.schedule.yesterday: "0 9 * * 1-5" leaves up to 3d between two reads; the vendor serves a day for one more day only, so days would be lost`,
		"reseller.webhook.url: http://hooks.example:8080 is not encrypted; customers, and what the address holds, would cross the network in the clear",
		"reseller.webhook.url: nothing is sent to it; reseller.thresholds is empty",
	}
	if !reflect.DeepEqual(c.Warnings, want) {
		t.Errorf("got  %q\nwant %q", c.Warnings, want)
	}
}

func TestSecretFiles(t *testing.T) {
	for name, c := range map[string]struct {
		content *string
		want    string
	}{
		"absent":  {nil, "cannot read KEY: no such file or directory"},
		"empty":   {new("\n"), "KEY is empty; it has to hold the secret alone"},
		"several": {new("a\nb\n"), "KEY has several lines; it has to hold the secret alone"},
		"huge":    {new(strings.Repeat("a", secret.Largest+1)), "KEY is not a file that holds a secret"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.content != nil {
				write(t, dir, "key", *c.content)
			}
			file := write(t, dir, "c.yaml", "alpemix: {accounts: [{name: a, main_username: u, secret_key_file: key}]}\n")
			_, err := Load(file, nil)
			want := file + ": alpemix.accounts[0].secret_key_file: " + strings.ReplaceAll(c.want, "KEY", filepath.Join(dir, "key"))
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// TestEndlessSecretFile: what a shell opens for <(…) has no size, and may never end.
func TestEndlessSecretFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "key")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		for err == nil {
			_, err = f.WriteString("more and more ")
		}
	}()
	file := write(t, dir, "c.yaml", "alpemix: {accounts: [{name: a, main_username: u, secret_key_file: key}]}\n")
	if _, err := Load(file, nil); err == nil || !strings.HasSuffix(err.Error(), pipe+" is longer than 65536 bytes, so it is not a secret") {
		t.Errorf("error %v", err)
	}
}

// TestYAMLProblems: a refusal names a line, and none shows a value.
func TestYAMLProblems(t *testing.T) {
	for text, want := range map[string]string{
		"log:\n  level: warn\nalpemix: {accounts: [{secret_key: *hidden}]}\n": "line 3: text that opens with * has to be in quotes",
		"\nclickhouse: {password: !!int hidden}\n":                            "line 2: cannot decode !!str a value as a !!int",
		"\n? [hidden]\n: 1\n":                "line 2: ",
		"a:\n b: \xff\n":                     "line 2: it is not UTF-8",
		"\t- hidden":                         "line 1: found character that cannot start any token",
		"\n\n&a [*a, hidden]\n":              "",
		"log:\n  level: &hidden [*hidden]\n": "line 2: an anchor's value contains itself",
		"\nalpemix: {accounts: [{secret_key: {{ hidden }}}]}\n": "line 2: invalid map key",
		"\nclickhouse:\n  password: |\n  hidden\n":              "line 4: ",
		"\nclickhouse: {password: 'hidden}\n":                   "line 2: ",
		"\nclickhouse: {password: \"hid\\den hidden\"}\n":       "line 2: ",
		"\n- hidden\n": "has to start with keys",
		"hidden":       "has to start with keys",
	} {
		_, err := Load(write(t, t.TempDir(), "c.yaml", text), nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	const hidden = "hunter2"
	c, err := Load("", []string{
		"COLLECTOR_CLICKHOUSE_DSN=clickhouse://u:" + hidden + "@h:9000/db?password=" + hidden,
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=a", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=" + hidden, "COLLECTOR_RESELLER_WEBHOOK_URL=https://h/" + hidden,
	})
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%v %+v %#v %s", c, c, c, printed(t, c)) + c.ClickHouse.DSN.LogValue().String()
	if strings.Contains(text, hidden) {
		t.Error("a secret was printed")
	}
	if strings.Count(printed(t, c), "<redacted>") != 4 {
		t.Errorf("printed:\n%s", printed(t, c))
	}
	if c.ClickHouse.Database != "db" || c.Alpemix.Accounts[0].SecretKey.Reveal() != hidden || !strings.Contains(c.ClickHouse.DSN.Reveal(), hidden) {
		t.Error("values are lost")
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "20s": 20 * time.Second, "400d": 400 * 24 * time.Hour, "1d12h": 36 * time.Hour, "90m": 90 * time.Minute, "60s": time.Minute, "2h": 2 * time.Hour,
	} {
		d, err := ParseDuration(text)
		again, err2 := ParseDuration(d.String())
		if err != nil || err2 != nil || d.Std() != want || again != d {
			t.Errorf("%s: %v %v %v %v", text, d, err, again, err2)
		}
	}
	for _, text := range []string{"", "d", "5", "-5s", "1d-1h", "1x", "200000d", "99999999999999999999d"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q became %v", text, d)
		}
	}
}

func TestCertificatesOfADevice(t *testing.T) {
	if problem := checkCertificates("/dev/zero", ""); problem != "/dev/zero holds no certificate in PEM form, -----BEGIN CERTIFICATE-----" {
		t.Error(problem)
	}
}
