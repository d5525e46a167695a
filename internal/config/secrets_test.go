package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFlawedSecretsAreRefused wherever they come from, before anything is sent.
func TestFlawedSecretsAreRefused(t *testing.T) {
	sections := map[string]string{ // of a secret, with its key as %
		"alpemix.accounts[0].secret_key":          "alpemix: {accounts: [{name: a, main_username: u, %}]}",
		"reseller.remotepc.accounts[0].api_key":   "reseller: {remotepc: {accounts: [{name: a, %}]}}",
		"reseller.serwersms.accounts[0].token":    "reseller: {serwersms: {accounts: [{name: a, %}]}}",
		"reseller.serwersms.accounts[0].password": "reseller: {serwersms: {accounts: [{name: a, username: u, %}]}}",
		"reseller.limacity.accounts[0].api_key":   "reseller: {limacity: {accounts: [{name: a, %}]}}",
		"reseller.webhook.url":                    "reseller: {webhook: {%}}",
		"clickhouse.password":                     "clickhouse: {dsn: 'http://u@h:8123/alpemix', %}",
	}
	flaws := map[string]string{
		"\ufeffhttps://h/k": "a byte order mark (U+FEFF) at line 1, byte 1", "https://h/k\u00a0": "a no-break space (U+00A0) at line 1, byte 12",
		"https://h/\u200bk": "a zero-width space (U+200B)", "https://h/\u00adk": "a soft hyphen (U+00AD)",
		" https://h/k": "a space at its start or end", `"https://h/k"`: "is in quotes", "https://h/k\r": "a carriage return (U+000D)",
	}
	for path, section := range sections {
		key := path[strings.LastIndexByte(path, '.')+1:]
		env := EnvPrefix + strings.NewReplacer(".", "_", "[", "_", "]", "").Replace(strings.ToUpper(path))
		for text, want := range flaws {
			dir := t.TempDir()
			secret := write(t, dir, "secret", text)
			quoted := `"` + strings.NewReplacer(`"`, `\"`, "\r", `\r`).Replace(text) + `"`
			for source, c := range map[string]struct {
				value, environ, names string
			}{
				"file":        {key + "_file: secret", "", path + "_file: " + secret},
				"inline":      {key + ": " + quoted, "", path + ": "},
				"environment": {"", env + "=" + text, "environment: " + env + ": "},
			} {
				file := write(t, dir, "c.yaml", strings.ReplaceAll(section, "%", c.value)+"\n")
				_, err := Load(file, []string{c.environ})
				if err == nil || !strings.Contains(err.Error(), c.names) || !strings.Contains(err.Error(), want) {
					t.Errorf("%s in %s %q: %v", path, source, text, err)
				} else if strings.Contains(err.Error(), "//h/") {
					t.Errorf("the error shows the secret: %v", err)
				}
			}
		}
	}
}

// TestBlockSecrets: a block of YAML ends with a line feed, which would be sent.
func TestBlockSecrets(t *testing.T) {
	for block, want := range map[string]string{"|": "a line feed (U+000A) at line 1, byte 4", ">": "a line feed", "|-": ""} {
		file := write(t, t.TempDir(), "c.yaml", "alpemix:\n  accounts:\n    - name: a\n      main_username: u\n      secret_key: "+block+"\n        key\n")
		_, err := Load(file, nil)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", block, err)
		}
	}
}

func TestConfigurationFromAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := w.WriteString("timezone: UTC\nlog:\n"); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	c, err := Load(fmt.Sprintf("/dev/fd/%d", r.Fd()), nil)
	if err != nil || c.Timezone != "UTC" || c.Log.Level != "info" {
		t.Errorf("%+v %v", c, err)
	}
}

// TestDSNsShowNoPassword, however it is spelled and whosever it is.
func TestDSNsShowNoPassword(t *testing.T) {
	for dsn, want := range map[string]string{
		"http://u:hunter2@h:8123/d":                                "http://u:<redacted>@h:8123/d",
		"http://h/d?username=u&password=hunter2&compress=lz4":      "http://h/d?username=u&password=<redacted>&compress=lz4",
		"http://h/d?pass%77ord=hunter2":                            "http://h/d?pass%77ord=<redacted>",
		"http://h/d?%70%61%73%73%77%6f%72%64=hunter2&secure=true":  "http://h/d?%70%61%73%73%77%6f%72%64=<redacted>&secure=true",
		"http://h/d?PASSWORD=hunter2":                              "http://h/d?PASSWORD=<redacted>",
		"http://h/d?http_proxy=http://p:hunter2@proxy:3128":        "http://h/d?http_proxy=<redacted>",
		"http://h/d?http_proxy=http%3A%2F%2Fp%3Ahunter2%40proxy":   "http://h/d?http_proxy=<redacted>",
		"http://h/d?htt%70_proxy=http%3A%2F%2Fp%3Ahunter2%40proxy": "http://h/d?htt%70_proxy=<redacted>",
		"http://h/d?setting=http://p:hunter2@proxy":                "http://h/d?setting=<redacted>",
		"http://h/d?access_token=hunter2&max_execution_time=60":    "http://h/d?access_token=<redacted>&max_execution_time=60",
		"http://h/d?a=b;password=hunter2":                          "http://h/d?a=<redacted>",
		"http://h/d?pass%zzword=hunter2":                           "http://h/d?pass%zzword=<redacted>",
		"clickhouse://u:hunter2@h:9000/d?x=1":                      "clickhouse://u:<redacted>@h:9000/d?x=1",
		"https://h/d?ssl_key=hunter2&max_memory_usage=10000000000": "https://h/d?ssl_key=<redacted>&max_memory_usage=10000000000",
	} {
		if got := DSN(dsn).String(); got != want {
			t.Errorf("%s: %s, want %s", dsn, got, want)
		}
	}
	for dsn, has := range map[string]bool{
		"embedded": false, "http://u@h/d": false, "http://u:p@h/d": true, "http://h/d?password=p": true, "http://h/d?pass%77ord=p": true,
		"http://h/d?http_proxy=http://p:hunter2@proxy": false,
	} {
		if DSN(dsn).hasPassword() != has {
			t.Errorf("%s: %t", dsn, !has)
		}
	}
	for _, dsn := range []string{"http://u:p%00@h/d", "http://u:%E2%80%8Bp@h/d", "http://h/d?password=p%FE", "http://u%20:p@h/d", "\ufeffhttp://h/d", "http://h/d\u00a0"} {
		if problem := DSN(dsn).problem(); problem == "" || strings.Contains(problem, "://u") {
			t.Errorf("%q: %q", dsn, problem)
		}
	}
}

// TestEmptyVariablesOfNoKey are typing errors, too.
func TestEmptyVariablesOfNoKey(t *testing.T) {
	for name, known := range map[string]bool{
		"COLLECTOR_LOG_LEVEL": true, "COLLECTOR_CONFIG": true, "COLLECTOR_ALPEMIX_ACCOUNTS_12_SECRET_KEY_FILE": true, "COLLECTOR_PORT": true,
		"COLLECTOR_LOG_LEVELS": false, "COLLECTOR_RESELER": false, "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET": false, "COLLECTOR_ALPEMIX_ACCOUNTS": false,
	} {
		if _, err := Load("", []string{name + "="}); (err == nil) != known {
			t.Errorf("%s: %v", name, err)
		}
	}
}
