// Package enginetest gives tests the real ClickHouse engine, in a child process of the test binary.
package enginetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"alpemix-collector/sink/engine"
)

// The environment by which a test binary knows that it is the child.
const (
	dirVariable    = "ENGINETEST_DIR"
	listenVariable = "ENGINETEST_LISTEN"
)

// Main is the whole of a TestMain: it runs the tests, or, in the child process, the engine.
func Main(m *testing.M) {
	dir := os.Getenv(dirVariable)
	if dir == "" {
		code := m.Run()
		shared.stop()
		os.Exit(code)
	}
	library, err := engine.FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY"))
	if err == nil {
		err = engine.Serve(context.Background(), engine.ServeConfig{
			Library: library, Dir: dir, Listen: os.Getenv(listenVariable), Database: "alpemix", Parent: os.Stdin,
			Announce: func(addr string) { fmt.Println(addr) },
		})
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Server is a running engine.
type Server struct {
	Addr           string // host:port of its HTTP interface
	User, Password string // of the daemon: may write
	Dir            string
	process        *exec.Cmd
	stdin          interface{ Close() error }
}

// DSN is the address of the engine for clickhouse-go, with the daemon's credential and this default database.
func (s *Server) DSN(database string) string {
	return "http://" + s.User + ":" + s.Password + "@" + s.Addr + "/" + database
}

// Kill ends the engine without a warning. Its data stays in Dir.
func (s *Server) Kill() {
	s.process.Process.Kill()
	s.process.Wait()
}

// Restart starts a killed engine again, at the same address and on the same data.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Start runs an engine of the test's own.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{Dir: t.TempDir(), Addr: "127.0.0.1:0"}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// Shared is an engine that all tests of the binary use, each with databases of its own: starting one takes a second.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() {
		shared.server.Addr = "127.0.0.1:0"
		if shared.server.Dir, shared.err = os.MkdirTemp("", "enginetest-"); shared.err == nil {
			shared.err = shared.server.start()
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return &shared.server
}

var shared sharedServer

type sharedServer struct {
	once   sync.Once
	server Server
	err    error
}

func (s *sharedServer) stop() {
	if s.server.process != nil {
		s.server.Kill()
	}
	os.RemoveAll(s.server.Dir)
}

func (s *Server) start() error {
	if _, err := engine.FindLibrary(os.Getenv("COLLECTOR_CLICKHOUSE_EMBEDDED_LIBRARY")); err != nil {
		return err
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return err
	}
	if s.User, s.Password, err = engine.Credential(dir); err != nil {
		return err
	}
	s.process = exec.Command(os.Args[0])
	s.process.Env = append(os.Environ(), dirVariable+"="+dir, listenVariable+"="+s.Addr)
	var log strings.Builder
	s.process.Stderr = &log
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if s.stdin, err = s.process.StdinPipe(); err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.process.Wait()
		return errors.Join(fmt.Errorf("the engine did not start: %s", log.String()), err)
	}
	s.Addr = strings.TrimSpace(line)
	return nil
}
