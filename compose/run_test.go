package compose_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"

	"alpemix-collector/rules/prometheustest"
	"alpemix-collector/sink/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// patience limits waits for what takes seconds on an idle machine.
const patience = 3 * time.Minute

// pathMap maps the paths and addresses of a container to those on this machine.
type pathMap map[string]string

// translate translates an argument or a variable that contains a path or an address.
func (p pathMap) translate(text string) string {
	name, value, named := strings.Cut(text, "=")
	if !named {
		name, value = "", text
	}
	for _, there := range slices.Backward(slices.Sorted(maps.Keys(p))) { // the longest match first
		if rest, ok := strings.CutPrefix(value, there); ok && (rest == "" || rest[0] == '/') {
			value = p[there] + rest
			break
		}
	}
	if named {
		return name + "=" + value
	}
	return value
}

func (p pathMap) translateAll(texts []string) (here []string) {
	for _, text := range texts {
		here = append(here, p.translate(text))
	}
	return here
}

// mounts maps a container's files to where they are mounted from, and its volumes to folders of the
// test.
func mounts(t *testing.T, s types.ServiceConfig) pathMap {
	t.Helper()
	p := pathMap{}
	for _, v := range s.Volumes {
		if p[v.Target] = v.Source; v.Type == types.VolumeTypeVolume {
			p[v.Target] = t.TempDir()
		}
	}
	return p
}

// process is a running program of a container.
type process struct {
	*exec.Cmd
	log  strings.Builder
	done chan struct{}
}

// start runs a program until the test ends.
func start(t *testing.T, environ []string, program string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.Env, p.Stdout, p.Stderr = environ, &p.log, &p.log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait() // the status is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill() // it has exited, unless the test failed
		<-p.done
		if t.Failed() {
			t.Logf("%s:\n%s", program, p.log.String())
		}
	})
	return p
}

// wait polls until check returns nil.
func (p *process) wait(t *testing.T, check func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-p.done:
			t.Fatalf("the program has exited; before: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s: %v", patience, err)
		}
	}
}

func answers(url string) func() error {
	return func() error {
		answer, err := http.Get(url)
		if err != nil {
			return err
		}
		_ = answer.Body.Close() // the body does not matter
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, answer.Status)
		}
		return nil
	}
}

// succeeds runs a health check.
func succeeds(environ []string, program string, args ...string) func() error {
	return func() error {
		check := exec.Command(program, args...)
		check.Env = environ
		if out, err := check.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %q: %w: %s", program, args, err, out)
		}
		return nil
	}
}

func TestPasswordsAreCreatedOnce(t *testing.T) {
	s := load(t, "demo").Services["passwords"]
	here := mounts(t, s)
	dir, tools := here["/passwords"], t.TempDir()
	// Only root can change the owner of a file.
	chown := "#!/bin/sh\necho \"$@\" >>" + tools + "/owners\n"
	if err := os.WriteFile(filepath.Join(tools, "chown"), []byte(chown), 0o700); err != nil {
		t.Fatal(err)
	}
	create := func() map[string]string {
		t.Helper()
		// The script's folder is its argument, or /passwords.
		run := exec.Command(s.Entrypoint[0], append(here.translateAll(s.Entrypoint[1:]), dir)...)
		run.Env = []string{"PATH=" + tools + ":" + os.Getenv("PATH")}
		if out, err := run.CombinedOutput(); err != nil || len(out) != 0 {
			t.Fatalf("%v: %s", err, out)
		}
		created := map[string]string{}
		for _, name := range []string{"clickhouse_password", "grafana_password"} {
			path := filepath.Join(dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o440 || !regexp.MustCompile(`^[0-9a-f]{48}$`).Match(text) {
				t.Errorf("%s: %d bytes, %v, %v", name, len(text), info.Mode(), err)
			}
			created[name] = string(text)
		}
		return created
	}
	first := create()
	if first["clickhouse_password"] == first["grafana_password"] {
		t.Error("both passwords are the same")
	}
	if second := create(); fmt.Sprint(first) != fmt.Sprint(second) {
		t.Error("a second start changes the passwords")
	}
	if err := os.Remove(filepath.Join(dir, "complete")); err != nil {
		t.Fatal(err)
	}
	if third := create(); first["clickhouse_password"] == third["clickhouse_password"] {
		t.Error("passwords are not created again after an interruption")
	}
	owners, err := os.ReadFile(filepath.Join(tools, "owners"))
	if want := collectorUser + ":0 clickhouse_password\n472:0 grafana_password\n"; err != nil || string(owners) != want+want {
		t.Errorf("the files belong to %s%v", owners, err)
	}
}

func TestAlertmanagerRuns(t *testing.T) {
	s := load(t, "demo").Services["alertmanager"]
	here, listen := mounts(t, s), prometheustest.FreeAddress(t)
	p := start(t, os.Environ(), prometheustest.Tool(t, "prometheus-alertmanager"), append(here.translateAll(s.Command), "--web.listen-address="+listen)...)
	here["http://127.0.0.1:9093"] = "http://" + listen
	check := here.translateAll(s.HealthCheck.Test[1:])
	p.wait(t, succeeds(os.Environ(), prometheustest.Tool(t, check[0]), check[1:]...))
	prometheustest.Run(t, "amtool", "check-config", here.translate("/etc/alertmanager/alertmanager.yml"))
}

// TestPrometheusRuns: promtool's health check is newer than Debian's promtool, so the test queries
// the same address itself.
func TestPrometheusRuns(t *testing.T) {
	s := load(t, "demo").Services["prometheus"]
	here, listen := mounts(t, s), prometheustest.FreeAddress(t)
	text, err := os.ReadFile(here["/etc/prometheus/prometheus.yml"])
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(config, []byte(strings.ReplaceAll(string(text), "/etc/prometheus/rules", here["/etc/prometheus/rules"])), 0o600); err != nil {
		t.Fatal(err)
	}
	here["/etc/prometheus/prometheus.yml"] = config
	p := start(t, os.Environ(), prometheustest.Tool(t, "prometheus"), append(here.translateAll(s.Command), "--web.listen-address="+listen)...)
	p.wait(t, answers("http://"+listen+"/-/ready"))
	if want := "promtool check ready --url=http://127.0.0.1:9090"; strings.Join(s.HealthCheck.Test[1:], " ") != want {
		t.Errorf("the health check is %q", s.HealthCheck.Test)
	}
	var rules struct{ Data struct{ Groups []any } }
	answer, err := http.Get("http://" + listen + "/api/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&rules); err != nil || len(rules.Data.Groups) == 0 {
		t.Errorf("%d groups of rules; %v", len(rules.Data.Groups), err)
	}
}

// runDemo runs the demo's exact command line in its environment, with the embedded engine as the
// ClickHouse server.
func runDemo(t *testing.T, binary string) {
	s, image := load(t, "demo").Services["demo"], parseDockerfile(t).last()
	server, here, listen := enginetest.Start(t), mounts(t, s), prometheustest.FreeAddress(t)
	if err := os.WriteFile(filepath.Join(here["/passwords"], "clickhouse_password"), []byte(server.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	here["clickhouse://collector@clickhouse:9000/alpemix"] = "http://" + server.User + "@" + server.Addr + "/stack"
	here["0.0.0.0:9187"] = listen
	environ := here.translateAll(strings.Fields(image.all("ENV")[0]))
	for name, value := range s.Environment {
		environ = append(environ, here.translate(name+"="+*value))
	}
	p := start(t, environ, binary, here.translateAll(s.Command)...)

	var check []string
	if _, list, _ := strings.Cut(image.all("HEALTHCHECK")[0], " CMD "); json.Unmarshal([]byte(list), &check) != nil || check[0] != "/usr/local/bin/collector" {
		t.Fatalf("the health check is %s", list)
	}
	p.wait(t, succeeds(environ, binary, check[1:]...))
	p.wait(t, answers("http://"+listen+"/metrics"))
	p.wait(t, func() error {
		ask := exec.Command(binary, "sql", "--format", "TSV", "SELECT count() FROM connections")
		ask.Env = environ
		out, err := ask.CombinedOutput()
		if n, bad := strconv.Atoi(strings.TrimSpace(string(out))); err != nil || bad != nil || n < 1000 {
			return fmt.Errorf("%s%w", out, err)
		}
		return nil
	})
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.done
	if code := p.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the demo exited with status %d", code)
	}
	migrate := exec.Command(binary, "migrate", "up")
	migrate.Env = environ
	if out, err := migrate.CombinedOutput(); err == nil || !strings.Contains(string(out), "holds the data of collector demo") {
		t.Errorf("a real collector can use the demo's data: %s%v", out, err)
	}
}
