package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/daemon"
	"alpemix-collector/simulator"
	"alpemix-collector/web"
)

// readerLogin is the login reader:secret.
const readerLogin = "basic_auth_users: {reader: $2a$04$fz84TLHDa.gUU7iCQ2GyheemHSWI5UalmtIZBhI3YmhU7GEKp/LBS}\n"

func TestExposed(t *testing.T) {
	tls, logins, clients := web.Protection{TLS: true}, web.Protection{Logins: 1}, web.Protection{TLS: true, Clients: true}
	both := web.Protection{TLS: true, Logins: 2}
	for _, c := range []struct {
		listen     string
		protection web.Protection
		want       string
	}{
		{"127.0.0.1:9187", web.Protection{}, ""},
		{"127.8.0.1:9187", web.Protection{}, ""},
		{"localhost:9187", web.Protection{}, ""},
		{"[::1]:9187", web.Protection{}, ""},
		{"0.0.0.0:9187", web.Protection{}, "without a login"},
		{":9187", web.Protection{}, "without a login"},
		{"[::]:9187", tls, "without a login"},
		{"192.0.2.7:9187", web.Protection{}, "without a login"},
		{"desk.example:9187", web.Protection{}, "without a login"},
		{"0.0.0.0:9187", logins, "without TLS"},
		{"0.0.0.0:9187", both, ""},
		{"0.0.0.0:9187", clients, ""},
	} {
		got := daemon.Exposed(&config.HTTP{Listen: c.listen}, c.protection)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s with %s: %q, want %q", c.listen, c.protection, got, c.want)
		}
	}
}

func TestCheckWarnsOfAnOpenPort(t *testing.T) {
	environ, _, _ := desk(t)
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "web.yml", readerLogin)
	for _, c := range []struct {
		environ []string
		lines   []string
	}{
		{[]string{"COLLECTOR_HTTP_LISTEN=0.0.0.0:" + port}, []string{"warn  http.listen: 0.0.0.0:" + port + " is open to other machines without a login"}},
		{[]string{"COLLECTOR_HTTP_LISTEN=0.0.0.0:" + port, "COLLECTOR_HTTP_WEB_CONFIG_FILE=" + file},
			[]string{"ok    http.web_config_file: " + file + " requires 1 login\n", "warn  http.listen: 0.0.0.0:" + port + " is open to other machines without TLS"}},
	} {
		got := command(t, append(environ, c.environ...), "", "check")
		for _, want := range c.lines {
			if got.code != exitOK || !strings.Contains(got.stdout, want) {
				t.Errorf("%q: %+v has no line %s", c.environ, got, want)
			}
		}
	}
}

// TestCommandsReachADaemonWithLogins: check and healthy know nobody's password.
func TestCommandsReachADaemonWithLogins(t *testing.T) {
	file := write(t, "web.yml", readerLogin)
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main", Username: "u", SecretKey: "k", Zone: noon(t)}}},
		"COLLECTOR_HTTP_WEB_CONFIG_FILE="+file)
	p := c.start(t, "run")
	socket := filepath.Join(c.setting("COLLECTOR_STATE_DIR"), "collector.sock")
	c.waitFor(t, p, func() bool {
		_, err := os.Stat(socket)
		return err == nil && command(t, c.environ, "", "healthy") == outcome{}
	})
	if _, err := statusAt(t.Context(), c.setting("COLLECTOR_HTTP_LISTEN")); err == nil || !strings.Contains(err.Error(), "HTTP 401") {
		t.Errorf("without a login: %v", err)
	}
	c.waitFor(t, p, func() bool {
		return strings.Contains(command(t, c.environ, "", "check").stdout, "ok    account main: last read by the running daemon at ")
	})
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
}
