package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	wrong := write(t, "c.yaml", "timezon: UTC\n")
	for _, c := range []struct {
		args    string
		environ []string
		code    int
		stderr  string
	}{
		{"", nil, exitOK, ""},
		{"--help", nil, exitOK, ""},
		{"config --help", nil, exitOK, ""},
		{"completion bash", nil, exitOK, ""},
		{"config", nil, exitOK, ""},
		{"version", nil, exitOK, ""},
		{"frobnicate", nil, exitUsage, `collector: unknown command "frobnicate" for "collector"; see: collector --help` + "\n"},
		{"export", nil, exitUsage, `collector: unknown command "export" for "collector" (did you mean import?); see: collector --help` + "\n"},
		{"help", nil, exitOK, ""},
		{"help migrate plan", nil, exitOK, ""},
		{"help nope", nil, exitUsage, `collector: unknown command "nope" for "collector"; see: collector --help` + "\n"},
		{"help migrate nope", nil, exitUsage, `collector: unknown command "nope" for "collector migrate"; see: collector --help` + "\n"},
		{"--version", nil, exitOK, ""},
		{"config --frobnicate", nil, exitUsage, "collector: unknown flag: --frobnicate; see: collector config --help\n"},
		{"config extra", nil, exitUsage, `collector: unknown command "extra" for "collector config"; see: collector config --help` + "\n"},
		{"engine", nil, exitUsage, `collector: required flag(s) "database", "dir", "library" not set; see: collector engine --help` + "\n"},
		{"import", nil, exitUsage, "collector: requires at least 1 arg(s), only received 0; see: collector import --help\n"},
		{"import f", nil, exitUsage, "collector: --account is missing; see: collector import --help\n"},
		{"import f --account a --fetched-at yesterday", nil, exitUsage,
			`collector: --fetched-at "yesterday" is not a past time like 2026-03-01T09:30:00+03:00; see: collector import --help` + "\n"},
		{"migrate down", nil, exitUsage, `collector: unknown subcommand "down"; available: plan, status, up; see: collector migrate --help` + "\n"},
		{"quarantine", nil, exitUsage, "collector: a subcommand is missing; available: dismiss, list, retry; see: collector quarantine --help\n"},
		{"config -c " + wrong, nil, exitUsage, "collector: " + wrong + ": timezon: unknown key; did you mean timezone?\n"},
		{"config", []string{"COLLECTOR_CONFIG=" + wrong}, exitUsage, "collector: " + wrong + ": timezon: unknown key; did you mean timezone?\n"},
		{"config -c absent.yaml", nil, exitUsage, "collector: absent.yaml: no such file; copy collector.example.yaml there, or name another with -c or COLLECTOR_CONFIG\n"},
		{"config", []string{"COLLECTOR_TIMEZONE=Mars"}, exitUsage,
			`collector: environment: COLLECTOR_TIMEZONE: "Mars" is not a time zone of the IANA database; for example Europe/Istanbul or UTC` + "\n"},
	} {
		t.Run(c.args, func(t *testing.T) {
			got := command(t, c.environ, "", strings.Fields(c.args)...)
			if got.code != c.code || got.stderr != c.stderr {
				t.Errorf("%d %q\nwant %d %q", got.code, got.stderr, c.code, c.stderr)
			}
			if (got.stdout != "") != (c.code == exitOK) {
				t.Errorf("stdout %q", got.stdout)
			}
		})
	}
}

func TestConfigRedactsAndWarns(t *testing.T) {
	file := write(t, "c.yaml", "alpemix: {limits: {tokens: 6}, accounts: [{name: a, main_username: u, secret_key: hunter2}]}\n")
	got := command(t, nil, "", "config", "-c", file)
	if got.code != exitOK || !strings.Contains(got.stdout, "secret_key: <redacted>") || strings.Contains(got.stdout, "hunter2") {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(got.stderr, "level=WARN") || !strings.Contains(got.stderr, "alpemix.limits.tokens") {
		t.Errorf("stderr %q", got.stderr)
	}
}

// TestEveryCommandIsExplained: help is the first page that a user reads.
func TestEveryCommandIsExplained(t *testing.T) {
	forEach((&app{}).root(), func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		if c.RunE != nil && !c.Hidden && !c.HasSubCommands() && c.Name() != "version" && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if c.Run != nil {
			t.Errorf("%s has Run; only RunE can distinguish usage errors from failures", c.CommandPath())
		}
	})
}
