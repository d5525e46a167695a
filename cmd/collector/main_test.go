package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"alpemix-collector/sink/enginetest"
)

// asCollector is the environment variable that makes the test binary the collector itself, for tests that kill it.
const asCollector = "TEST_AS_COLLECTOR"

// TestMain also plays the child process of the embedded engine, of which the commands start the binary they run in, and that of
// enginetest.
func TestMain(m *testing.M) {
	if os.Getenv(asCollector) != "" || len(os.Args) > 1 && os.Args[1] == "engine" {
		os.Exit(run())
	}
	// Whoever starts the tests may ignore it, and processes would inherit that: one that is caught here isn't ignored there.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	enginetest.Main(m)
}

// outcome is what a command line left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// command runs a command line in this process, in the environment given as NAME=value.
func command(t testing.TB, environ []string, stdin string, args ...string) outcome {
	t.Helper()
	return commandIn(t.Context(), environ, stdin, args...)
}

func commandIn(ctx context.Context, environ []string, stdin string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr, environ: environ}
	code := a.execute(ctx, args)
	return outcome{code, stdout.String(), stderr.String()}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
