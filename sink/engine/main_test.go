package engine

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// The test binary also acts as the daemon's child: with these variables set, it serves the engine
// instead of running tests.
const (
	envDir    = "ENGINE_TEST_DIR"
	envListen = "ENGINE_TEST_LISTEN"
	envParent = "ENGINE_TEST_PARENT" // acts as the daemon: prints the engine's PID and waits
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		library, err := FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"))
		if err == nil {
			var doors *Doors
			if doors, err = Inherited(dir, true); err == nil {
				err = Serve(ctx, ServeConfig{
					Library: library, Doors: doors, Database: "alpemix",
					Parent: os.Stdin, Announce: AnnounceOn(os.Stdout),
				})
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(envParent); dir != "" {
		os.Unsetenv(envParent)
		doors, err := OpenDoors(dir, os.Getenv(envListen))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		p := New(Config{Command: []string{os.Args[0]}, Env: append(os.Environ(), envDir+"="+dir), Doors: doors})
		go func() {
			<-p.Ready()
			fmt.Println(p.PID())
		}()
		fmt.Fprintln(os.Stderr, p.Run(context.Background()))
		os.Exit(1)
	}
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// needLibrary skips the test if the engine was not fetched. In CI the test fails instead.
func needLibrary(t testing.TB) {
	t.Helper()
	if _, err := FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// start runs an engine on dir until the test ends.
func start(t testing.TB, dir, listen string) *Process {
	t.Helper()
	p, stop := launch(t, dir, listen, os.Stderr)
	t.Cleanup(stop)
	return p
}

func launch(t testing.TB, dir, listen string, log io.Writer) (*Process, func()) {
	t.Helper()
	needLibrary(t)
	doors, err := OpenDoors(dir, listen)
	if err != nil {
		t.Fatal(err)
	}
	p := New(Config{Command: []string{os.Args[0]}, Env: append(os.Environ(), envDir+"="+dir), Doors: doors, Logger: slog.New(slog.NewTextHandler(log, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	select {
	case <-p.Ready():
	case err := <-done:
		cancel()
		t.Fatalf("the engine did not start: %v", err)
	case <-time.After(60 * time.Second):
		cancel()
		t.Fatal("the engine was not ready within a minute")
	}
	return p, func() {
		cancel()
		<-done
		if err := doors.Close(); err != nil {
			t.Error(err)
		}
	}
}

// shared is one engine for all tests that neither kill it nor need their own folder.
var shared struct {
	*Process
	dir  string
	stop func()
}

// sharedEngine returns the shared engine's address for readers and its folder, through which the
// owner connects.
func sharedEngine(t testing.TB) (addr, dir string) {
	t.Helper()
	if shared.Process == nil {
		dir, err := os.MkdirTemp("", "engine-test-*")
		if err != nil {
			t.Fatal(err)
		}
		p, stop := launch(t, dir, "127.0.0.1:0", os.Stderr)
		shared.Process, shared.dir = p, dir
		shared.stop = func() { stop(); os.RemoveAll(dir) }
	}
	return shared.Addr(), shared.dir
}
