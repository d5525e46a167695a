package rules

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"alpemix-collector/rules/prometheustest"
)

const alertmanager = "example/alertmanager.yml"

// TestExampleForPrometheus: the example loads the rules, sets the labels for links and uses the job
// name that they expect.
func TestExampleForPrometheus(t *testing.T) {
	text, err := os.ReadFile("example/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Global struct {
			Labels map[string]string `yaml:"external_labels"`
		}
		RuleFiles []string `yaml:"rule_files"`
		Alerting  struct {
			Relabel []struct{ Action, Regex string } `yaml:"alert_relabel_configs"`
		}
		Scrape []struct {
			Job string `yaml:"job_name"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`\$externalLabels\.(\w+)`)
	jobs := regexp.MustCompile(`up\{job=~"([^"]+)"`)
	for _, r := range prometheustest.Rules(t, ".") {
		for _, text := range r.Annotations {
			for _, label := range used.FindAllStringSubmatch(text, -1) {
				if config.Global.Labels[label[1]] == "" || !regexp.MustCompile("^("+config.Alerting.Relabel[0].Regex+")$").MatchString(label[1]) {
					t.Errorf("%s: the external label %s is not set, or goes with every alert", r.Alert, label[1])
				}
			}
		}
		if job := jobs.FindStringSubmatch(r.Expr); job != nil && !regexp.MustCompile("^("+job[1]+")$").MatchString(config.Scrape[0].Job) {
			t.Errorf("%s looks for jobs %s; the example has %s", r.Alert, job[1], config.Scrape[0].Job)
		}
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(t.TempDir(), "prometheus.yml")
	text = bytes.ReplaceAll(text, []byte("/etc/prometheus/rules/"), []byte(here+"/"))
	if err := os.WriteFile(local, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := prometheustest.Run(t, "promtool", "check", "config", local); strings.Count(out, "rules found") != len(prometheustest.Files(t, ".")) {
		t.Errorf("not all rules were found: %s", out)
	}
}

func TestRouting(t *testing.T) {
	prometheustest.Run(t, "amtool", "check-config", alertmanager)
	for _, tc := range []struct{ labels, receiver string }{
		{"alertname=Watchdog severity=info", "heartbeat"},
		{"alertname=AlpemixNotCollecting severity=warning account=main", "team"},
		{"alertname=AlpemixNotCollecting severity=critical account=main", "on-call"},
		{"alertname=CollectorAbsent severity=critical", "on-call"},
		{"alertname=ResellerAllotmentUsed severity=warning vendor=remotepc account=eu", "sales"},
		{"alertname=ResellerAllotmentNearlyUsed severity=info vendor=remotepc account=eu", "sales"},
		{"alertname=AlpemixNewQuirk severity=info", "team"},
	} {
		args := append([]string{"config", "routes", "test", "--config.file=" + alertmanager}, strings.Fields(tc.labels)...)
		if got := prometheustest.Run(t, "amtool", args...); !slices.Contains(strings.Fields(got), tc.receiver) {
			t.Errorf("%s goes to %s, want %s", tc.labels, got, tc.receiver)
		}
	}
}

// TestInhibition asks a real Alertmanager which alerts it would suppress. It stops before any is
// sent, because groups wait for half a minute.
func TestInhibition(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	_ = l.Close() // it is Alertmanager's from now on
	process := exec.Command(prometheustest.Tool(t, "prometheus-alertmanager"), "--config.file="+alertmanager, "--storage.path="+t.TempDir(),
		"--web.listen-address="+listen, "--cluster.listen-address=", "--log.level=warn")
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = process.Process.Kill()
		_ = process.Wait() // it was killed
	}()
	s := prometheustest.Server{URL: "http://" + listen}
	s.Wait(t, "Alertmanager to be ready", func() (bool, any) {
		answer, err := http.Get(s.URL + "/-/ready")
		return err == nil && answer.StatusCode == http.StatusOK && answer.Body.Close() == nil, err
	})
	type alert struct {
		Labels map[string]string `json:"labels"`
		Status struct{ InhibitedBy []string }
	}
	var sent []alert
	suppressed := map[string]bool{}
	for _, tc := range []struct {
		alert    string
		inhibits bool
	}{
		{"AlpemixDayUnsealed warning main", true}, {"AlpemixDayUnsealed critical main", false}, {"AlpemixDayUnsealed warning other", false},
		{"AlpemixNotCollecting critical main", true}, {"AlpemixCredentialsRefused critical main", false}, {"AlpemixNotCollecting critical other", false},
		{"SinkQueueGrowing warning", true}, {"SinkFailing warning", false}, {"SinkQueueGrowing critical", false},
		{"ResellerNeverRead warning eu", true}, {"ResellerCredentialsRefused warning eu", false}, {"ResellerSnapshotOld warning us", false},
	} {
		fields := strings.Fields(tc.alert + " ")
		labels := map[string]string{"alertname": fields[0], "severity": fields[1], "instance": "a:9187"}
		if len(fields) > 2 {
			labels["account"] = fields[2]
		}
		suppressed[tc.alert] = tc.inhibits
		sent = append(sent, alert{Labels: labels})
	}
	body, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(s.URL+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil || answer.StatusCode != http.StatusOK || answer.Body.Close() != nil {
		t.Fatal(answer, err)
	}
	wrong := func() (names []string) {
		answer, err := http.Get(s.URL + "/api/v2/alerts")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		var alerts []alert
		text, err := io.ReadAll(answer.Body)
		if err == nil {
			err = json.Unmarshal(text, &alerts)
		}
		if err != nil || len(alerts) != len(sent) {
			t.Fatal(err, string(text))
		}
		for _, a := range alerts {
			name := strings.TrimSpace(a.Labels["alertname"] + " " + a.Labels["severity"] + " " + a.Labels["account"])
			if suppressed[name] != (len(a.Status.InhibitedBy) > 0) {
				names = append(names, name)
			}
		}
		return names
	}
	s.Wait(t, "just these to be inhibited; wrong", func() (bool, any) {
		names := wrong()
		return len(names) == 0, names
	})
}
