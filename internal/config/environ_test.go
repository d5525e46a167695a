package config

import (
	"reflect"
	"strings"
	"testing"
)

// common are keys of several reseller vendors.
var common = map[string]string{
	"SCHEDULE": "@daily", "NAME": "n", "API_KEY": "k", "ENDPOINT": "https://h/x", "BASE_URL": "https://h/c", "TLS_MIN_VERSION": "1.3",
}

func TestEveryKeyFromTheEnvironment(t *testing.T) {
	values := map[string]string{
		"COLLECTOR_STATE_DIR": "/s", "COLLECTOR_TIMEZONE": "UTC", "COLLECTOR_LOG_LEVEL": "debug", "COLLECTOR_LOG_FORMAT": "json",
		"COLLECTOR_HTTP_LISTEN": "0.0.0.0:1", "COLLECTOR_HTTP_HOSTS": "a.example", "COLLECTOR_CLICKHOUSE_DSN": "http://h:8123", "COLLECTOR_CLICKHOUSE_PASSWORD": "p",
		"COLLECTOR_CLICKHOUSE_DATABASE": "d", "COLLECTOR_CLICKHOUSE_CLUSTER": "c", "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN": "[::1]:2",
		"COLLECTOR_RETENTION_CONNECTIONS": "30d", "COLLECTOR_RETENTION_RAW": "8d",
		"COLLECTOR_RETENTION_FETCHES": "9d", "COLLECTOR_CUSTOMERS_FILE": "/c",
		"COLLECTOR_ALPEMIX_ENDPOINT": "https://h/api", "COLLECTOR_ALPEMIX_REQUEST_METHOD": "PUT", "COLLECTOR_ALPEMIX_REQUEST_CONTENT_TYPE": "text/json", "COLLECTOR_ALPEMIX_MAX_ANSWER_MIB": "7", "COLLECTOR_ALPEMIX_LIMITS_REPORTS": "2", "COLLECTOR_ALPEMIX_LIMITS_TOKENS": "1",
		"COLLECTOR_ALPEMIX_LIMITS_WINDOW": "90s", "COLLECTOR_ALPEMIX_LIMITS_SCOPE": "account", "COLLECTOR_ALPEMIX_TLS_MIN_VERSION": "1.3",
		"COLLECTOR_ALPEMIX_SCHEDULE_TODAY": "@every 30s", "COLLECTOR_ALPEMIX_SCHEDULE_YESTERDAY": "@hourly",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME": "a", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME": "u",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY": "k", "COLLECTOR_ALPEMIX_ACCOUNTS_0_TIMEZONE": "Asia/Baku",
		"COLLECTOR_RESELLER_THRESHOLDS": "50, 90", "COLLECTOR_RESELLER_WEBHOOK_URL": "https://h/in?sig=x", "COLLECTOR_RESELLER_WEBHOOK_TIMEOUT": "5s",
		"COLLECTOR_RESELLER_WEBHOOK_TLS_MIN_VERSION":       "1.3",
		"COLLECTOR_RESELLER_SERWERSMS_ACCOUNTS_0_USERNAME": "u", "COLLECTOR_RESELLER_SERWERSMS_ACCOUNTS_0_PASSWORD": "p",
		"COLLECTOR_RESELLER_CCPORTAL_ACCOUNTS_0_CUSTOMERS": "1,2, 3", "COLLECTOR_RESELLER_CCPORTAL_ACCOUNTS_0_FORMAT": "xml",
	}
	for _, l := range leaves() { // what vendors have in common
		if env, ok := strings.CutPrefix(l.Env, "COLLECTOR_RESELLER_"); ok && values[l.Env] == "" {
			key := env[strings.Index(env, "_")+1:]
			if value := common[strings.TrimPrefix(key, "ACCOUNTS_0_")]; value != "" {
				values[l.Env] = value
			}
		}
	}
	library := write(t, t.TempDir(), "libchdb.so", "")
	values["COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"] = library
	var environ []string
	for name, value := range values {
		environ = append(environ, name+"="+value)
	}
	c, err := Load("", environ)
	if err != nil {
		t.Fatal(err)
	}
	unset := map[string]bool{}
	for _, l := range leaves() {
		if _, ok := values[l.Env]; !ok {
			unset[l.Env] = true
			continue
		}
		if v := valueAt(t, c, l.Path); v.IsZero() || v.Kind() == reflect.String && v.String() != values[l.Env] {
			t.Errorf("%s gives %s = %v", l.Env, l.Path, v)
		}
	}
	for env := range unset { // files and tokens exclude their twins and logins; pseudonymize has to be empty
		if !strings.HasSuffix(env, "_FILE") && !strings.HasSuffix(env, "_TOKEN") && env != "COLLECTOR_PRIVACY_PSEUDONYMIZE" {
			t.Errorf("%s is not tried", env)
		}
	}
	if got := valueAt(t, c, "reseller.ccportal.accounts[0].customers").Interface(); !reflect.DeepEqual(got, []string{"1", "2", "3"}) {
		t.Errorf("list %q", got)
	}
	if got := c.Reseller.Thresholds; !reflect.DeepEqual(got, []int{50, 90}) {
		t.Errorf("list %v", got)
	}
}

// valueAt follows a leaf's path, list elements 0.
func valueAt(t *testing.T, c *Config, path string) reflect.Value {
	t.Helper()
	v := reflect.ValueOf(c).Elem()
	for key := range strings.SplitSeq(path, ".") {
		key, isList := strings.CutSuffix(key, "[0]")
		for _, f := range fields(v) {
			if f.key == key {
				v = f.value
				break
			}
		}
		if isList {
			v = v.Index(0)
		}
	}
	return v
}

func TestEnvironmentOverAndBesideTheFile(t *testing.T) {
	file := write(t, t.TempDir(), "c.yaml", "log: {level: warn}\nalpemix: {accounts: [{name: a, main_username: u, secret_key: k}]}\n")
	c, err := Load(file, []string{
		"COLLECTOR_CONFIG=ignored", "PATH=/bin", "COLLECTOR_LOG_FORMAT=json", "COLLECTOR_LOG_LEVEL=", "COLLECTOR_PORT_9187_TCP=tcp://x", "COLLECTOR_SERVICE_HOST=y",
		"COLLECTOR_ALPEMIX_ACCOUNTS_0_TIMEZONE=UTC",
		"COLLECTOR_ALPEMIX_ACCOUNTS_1_NAME=b", "COLLECTOR_ALPEMIX_ACCOUNTS_1_MAIN_USERNAME=v", "COLLECTOR_ALPEMIX_ACCOUNTS_1_SECRET_KEY=l",
	})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Alpemix.Accounts
	if c.Log != (Log{"warn", "json"}) || len(a) != 2 || a[0].Timezone != "UTC" || a[1].Timezone != "Europe/Istanbul" || a[1].Name != "b" {
		t.Errorf("%+v", c)
	}
}

func TestWrongEnvironment(t *testing.T) {
	account := []string{"COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=a", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u"}
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"typo":            {[]string{"COLLECTOR_LOG_LEVLE=info"}, "environment: COLLECTOR_LOG_LEVLE: is not a setting; did you mean COLLECTOR_LOG_LEVEL?; docs/configuration.md lists them"},
		"unlike anything": {[]string{"COLLECTOR_X=1"}, "environment: COLLECTOR_X: is not a setting; docs/configuration.md lists them"},
		"gap in a list": {[]string{"COLLECTOR_ALPEMIX_ACCOUNTS_1_NAME=b"},
			"environment: COLLECTOR_ALPEMIX_ACCOUNTS_1_NAME: is not a setting; did you mean COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME?; docs/configuration.md lists them"},
		"wrong value":      {[]string{"COLLECTOR_TIMEZONE=Mars"}, `environment: COLLECTOR_TIMEZONE: "Mars" is not a time zone of the IANA database; for example Europe/Istanbul or UTC`},
		"wrong type":       {[]string{"COLLECTOR_ALPEMIX_LIMITS_REPORTS=three"}, `environment: COLLECTOR_ALPEMIX_LIMITS_REPORTS: "three" is not a whole number; for example 3`},
		"no key, and long": {[]string{"COLLECTOR_LOG_LEVEL_" + strings.Repeat("X", 1<<17) + "=1"}, "environment: COLLECTOR_LOG_LEVEL_" + strings.Repeat("X", 1<<17) + ": is not a setting; docs/configuration.md lists them"},
		"secret missing":   {account, "configuration: alpemix.accounts[0].secret_key: is missing; give secret_key_file, the path of a file that holds it, or secret_key"},
		"both twins": {append(account, "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k", "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY_FILE=f"),
			"environment: COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY_FILE: is given together with alpemix.accounts[0].secret_key; give one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Load("", c.environ); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
