package main

import (
	"bytes"
	"encoding/json"
	stdlog "log"
	"log/slog"
	"os"
	"strings"
	"testing"

	"alpemix-collector/internal/config"
)

// What libraries print by the global logger comes out through ours, in its format and at its level,
// without the bytes of a vendor's answer that it quotes.
func TestGlobalLog(t *testing.T) {
	before, flags := slog.Default(), stdlog.Flags()
	t.Cleanup(func() {
		slog.SetDefault(before)
		stdlog.SetOutput(os.Stderr)
		stdlog.SetFlags(flags)
	})
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		a := &app{stderr: &out}
		a.logger(&config.Config{Log: config.Log{Level: "info", Format: format}})
		stdlog.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "tok\"en\nsecret", nil)
		stdlog.Printf("http2: odd frame `secret`")
		slog.Warn("of a package without a logger")
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "tok") ||
			!strings.Contains(lines[0], "Unsolicited response") || !strings.Contains(lines[0], "err=<nil>") {
			t.Errorf("%s:\n%s", format, &out)
		}
		for _, line := range lines {
			if format == "json" != json.Valid([]byte(line)) || !strings.Contains(line, "WARN") {
				t.Errorf("%s: %s", format, line)
			}
		}
	}
}
