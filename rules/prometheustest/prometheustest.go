// Package prometheustest provides the real Prometheus, its tools, and the rules of this repository
// for tests.
package prometheustest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Tool returns the path of a program of Debian's packages prometheus and prometheus-alertmanager.
// If the program is missing, the test is skipped; in CI it fails.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%v; CI needs it: apt-get install prometheus prometheus-alertmanager", err)
	default:
		t.Skipf("%v; apt-get install prometheus prometheus-alertmanager", err)
	}
	return path
}

// Run runs a program of Tool and fails the test unless it succeeds.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Server is a running Prometheus.
type Server struct{ URL string }

// patience limits waits for what takes seconds on an idle machine.
const patience = 3 * time.Minute

// Start runs a Prometheus until the test ends, with the given configuration and data folder, which
// may hold blocks already.
func Start(t testing.TB, config, data string) *Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listen := FreeAddress(t)
	var log strings.Builder
	process := exec.Command(Tool(t, "prometheus"), "--config.file="+file, "--storage.tsdb.path="+data, "--storage.tsdb.retention.time=30d",
		"--web.listen-address="+listen, "--log.level=warn")
	process.Stderr = &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // it was killed
		if t.Failed() {
			t.Logf("Prometheus:\n%s", log.String())
		}
	})
	s := &Server{URL: "http://" + listen}
	s.Wait(t, "Prometheus to be ready", func() (bool, any) {
		answer, err := http.Get(s.URL + "/-/ready")
		if err != nil {
			return false, err
		}
		return answer.StatusCode == http.StatusOK && answer.Body.Close() == nil, answer.Status
	})
	return s
}

// The kernel picks ports for outgoing connections from 32768 on. So a free port below that stays
// free until it is used.
const firstPort, ports = 10000, 22768

// FreeAddress returns an unused address of this machine.
func FreeAddress(t testing.TB) string {
	t.Helper()
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports))); err == nil {
			defer func() { _ = l.Close() }()
			return l.Addr().String()
		}
	}
	t.Fatal(err)
	return ""
}

// Alert is a firing alert.
type Alert struct {
	Labels      map[string]string
	Annotations map[string]string
	State       string
}

// Name returns the alert's name and severity.
func (a Alert) Name() string { return a.Labels["alertname"] + " " + a.Labels["severity"] }

// Firing returns the alerts that fire now, sorted by name.
func (s *Server) Firing(t testing.TB) []Alert {
	t.Helper()
	var answer struct{ Alerts []Alert }
	s.get(t, "/api/v1/alerts", &answer)
	firing := slices.DeleteFunc(answer.Alerts, func(a Alert) bool { return a.State != "firing" })
	slices.SortFunc(firing, func(a, b Alert) int { return cmp.Compare(a.Name(), b.Name()) })
	return firing
}

// Query fails the test if expr is not valid, and reports whether it has a result now.
func (s *Server) Query(t testing.TB, expr string) bool {
	t.Helper()
	var answer struct{ Result []any }
	s.get(t, "/api/v1/query?query="+url.QueryEscape(expr), &answer)
	return len(answer.Result) > 0
}

// get decodes the data of an answer.
func (s *Server) get(t testing.TB, path string, data any) {
	t.Helper()
	answer, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Status != "success" {
		t.Fatalf("%s: %v %s", path, err, body.Error)
	}
}

// Wait polls until done returns true. What done returns in addition is shown if it never does.
func (s *Server) Wait(t testing.TB, what string, done func() (bool, any)) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		ok, seen := done()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s; last seen: %v", patience, what, fmt.Sprint(seen))
		}
		select {
		case <-t.Context().Done():
			t.FailNow()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
