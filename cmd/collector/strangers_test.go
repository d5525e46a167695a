package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/terminal"
)

// hostile is text of a stranger that a terminal would act on: it clears the screen, sets the title, and turns text around.
const hostile = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202egpj.exe\u2066\u200b\x7f"

// steering are parts of it that may not reach a terminal.
var steering = []string{"\x1b", "\x07", "\u009b", "\u202e", "\u2066", "\u200b", "\x7f"}

// TestTextOfStrangersDoesNotSteerATerminal: whatever is printed for people shows it escaped, and data for programs stay as they are.
func TestTextOfStrangersDoesNotSteerATerminal(t *testing.T) {
	environ, _, _ := desk(t)
	name, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	with := func(key, record string) string {
		return strings.Replace(record, `"`+key+`":""`, `"`+key+`":`+string(name), 1)
	}
	bad := strings.Replace(with("tuname", record("bad", 1)), `"dt":"09`, `"dt":"99`, 1)
	file := write(t, "day"+hostile[:4]+".json", body(with("tuname", record("good", 1)), bad))
	for _, args := range [][]string{
		{"import", file},
		{"import", file + hostile},
		{"sql", "SELECT uid, target_name FROM connections"},
		{"sql", "SELECT uid, target_name FROM connections FORMAT Vertical"},
		{"sql", "SELECT target_name FROM connections FORMAT PrettySpace SETTINGS max_threads = 1"},
		{"sql", "SELECT throwIf(target_name != '', target_name) FROM connections"},
		{"sql", "SELECT '" + hostile + "' FROM nothing"},
		{"quarantine", "list"},
		{"quarantine", "list", "--format", "Vertical"},
		{hostile}, {"sql", "--" + hostile}, {"import", "--account", hostile, file}, {"config", "-c", hostile},
	} {
		got := command(t, environ, "", args...)
		for _, part := range steering {
			if strings.Contains(got.stdout+got.stderr, part) {
				t.Errorf("%.60q prints %q: %q", args, part, got.stdout+got.stderr)
			}
		}
		if args[0] == "sql" && len(args) == 2 && got.code == exitOK && !strings.Contains(got.stdout, `\u001b[2J`) {
			t.Errorf("%q: %+v", args, got)
		}
	}
	for _, args := range [][]string{
		{"sql", "--format", "RawBLOB", "SELECT target_name FROM connections"},
		{"sql", "SELECT target_name FROM connections FORMAT RawBLOB SETTINGS max_threads = 1"},
	} {
		if got := command(t, environ, "", args...); got.stdout != hostile {
			t.Errorf("%q: %q, want the data as they are", args, got.stdout)
		}
	}
}

// TestDataOnATerminalAreEscaped: what is exact in a file would steer a terminal.
func TestDataOnATerminalAreEscaped(t *testing.T) {
	_, terminal := pty(t)
	for stdout, escapes := range map[*os.File]bool{terminal: true, os.Stdout: false} {
		if _, ok := terminalOf(stdout); ok != escapes {
			continue // the tests themselves run on a terminal
		}
		a := &app{stdout: stdout, stderr: t.Output()}
		if code := a.execute(t.Context(), []string{"version"}); code != exitOK || (a.data() == a.stdout) != escapes {
			t.Errorf("%s: %d", stdout.Name(), code)
		}
	}
}

// TestLogsAreEscaped in both formats; JSON stays JSON with the same text.
func TestLogsAreEscaped(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var log strings.Builder
		out := terminal.NewWriter(&log)
		a := &app{stderr: out}
		a.logger(&config.Config{Log: config.Log{Level: "info", Format: format}}).Warn("row of "+hostile, "name", hostile)
		for _, part := range steering {
			if strings.Contains(log.String(), part) {
				t.Errorf("%s: %q", format, log.String())
			}
		}
		var line struct{ Name string }
		if err := json.Unmarshal([]byte(log.String()), &line); format == "json" && (err != nil || line.Name != hostile) {
			t.Errorf("%q: %v", log.String(), err)
		}
	}
}
