package grafana

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/dashboards"
)

// push pushes all dashboards, or the given ones, and returns the results.
func push(t *testing.T, s *server, cfg Config, boards ...dashboards.Dashboard) ([]Outcome, error) {
	t.Helper()
	cfg.Transport = http.DefaultTransport
	if cfg.URL == "" {
		cfg.URL, cfg.Token, cfg.Folder = s.URL+"/grafana/", secret, "Alpemix"
	}
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if boards == nil {
		boards = dashboards.All()
	}
	var outcomes []Outcome
	err = c.Push(t.Context(), boards, func(r Result) {
		if !strings.HasPrefix(r.Address, s.URL+"/grafana/d/alpemix-") {
			t.Errorf("%s is said to be at %s", r.Title, r.Address)
		}
		outcomes = append(outcomes, r.Outcome)
	})
	return outcomes, err
}

// all returns five times o.
func all(o Outcome) []Outcome { return slices.Repeat([]Outcome{o}, 5) }

func expect(t *testing.T, got []Outcome, err error, want []Outcome) {
	t.Helper()
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
}

func TestPushIsIdempotent(t *testing.T) {
	s := newServer(t)
	got, err := push(t, s, Config{})
	expect(t, got, err, all(Created))
	if len(s.folders) != 1 || s.folders[0]["title"] != "Alpemix" || s.saves != 5 {
		t.Fatalf("%v, %d saves", s.folders, s.saves)
	}
	for uid, b := range s.boards {
		if b.folder != "f7" {
			t.Errorf("%s is in folder %q", uid, b.folder)
		}
	}
	got, err = push(t, s, Config{})
	expect(t, got, err, all(Unchanged))
	if s.saves != 5 || len(s.folders) != 1 {
		t.Errorf("%d saves, folders %v", s.saves, s.folders)
	}
}

// What arrives is what was sent, except the number, the version and the mark.
func TestNothingIsLostOnTheWay(t *testing.T) {
	s := newServer(t)
	if _, err := push(t, s, Config{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range dashboards.All() {
		var want map[string]any
		if err := json.Unmarshal(d.JSON, &want); err != nil {
			t.Fatal(err)
		}
		got := s.boards[d.UID].json
		list := got["templating"].(map[string]any)["list"].([]any)
		got["templating"] = map[string]any{"list": list[:len(list)-1]}
		for _, key := range []string{"id", "version", "schemaVersion"} {
			delete(got, key)
			delete(want, key)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s arrived otherwise", d.Title)
		}
	}
}

// newer returns another version of a dashboard.
func newer(d dashboards.Dashboard) dashboards.Dashboard {
	d.JSON = []byte(strings.Replace(string(d.JSON), `"refresh": "`, `"refresh": "1`, 1))
	return d
}

func TestWhatWasChangedInGrafanaIsKept(t *testing.T) {
	s := newServer(t)
	first := dashboards.All()[0]
	got, err := push(t, s, Config{}, first)
	expect(t, got, err, []Outcome{Created})
	got, err = push(t, s, Config{}, newer(first))
	expect(t, got, err, []Outcome{Updated})

	edited := s.boards[first.UID].json // with our mark, as the editor keeps it
	edited["title"] = "My own"
	s.put(first.UID, edited, "f9")
	for _, d := range []dashboards.Dashboard{first, newer(first)} {
		got, err = push(t, s, Config{}, d)
		expect(t, got, err, []Outcome{Kept})
	}
	if b := s.boards[first.UID]; b.json["title"] != "My own" || b.version != 3 {
		t.Fatalf("version %d, %v", b.version, b.json["title"])
	}
	overwriting := Config{URL: s.URL + "/grafana", Token: secret, Folder: "Alpemix", Overwrite: true}
	got, err = push(t, s, overwriting, first)
	expect(t, got, err, []Outcome{Updated})
	if b := s.boards[first.UID]; b.json["title"] != first.Title || b.version != 4 || b.folder != "f9" {
		t.Errorf("version %d, %v, folder %v", b.version, b.json["title"], b.folder)
	}
	got, err = push(t, s, overwriting, first)
	expect(t, got, err, []Outcome{Unchanged})
}

func TestWhatCameInAnotherWayIsKept(t *testing.T) {
	s := newServer(t)
	first := dashboards.All()[0]
	var imported map[string]any
	if err := json.Unmarshal(first.JSON, &imported); err != nil {
		t.Fatal(err)
	}
	s.put(first.UID, imported, "")
	got, err := push(t, s, Config{}, first)
	expect(t, got, err, []Outcome{Kept})
}

func TestADryRunChangesNothing(t *testing.T) {
	s := newServer(t)
	dry := Config{URL: s.URL + "/grafana", Token: secret, Folder: "Alpemix", DryRun: true}
	got, err := push(t, s, dry)
	expect(t, got, err, all(Created))
	if s.saves != 0 || len(s.folders) != 0 {
		t.Errorf("%d saves, folders %v", s.saves, s.folders)
	}
	first := dashboards.All()[0]
	if _, err := push(t, s, Config{}, first); err != nil {
		t.Fatal(err)
	}
	got, err = push(t, s, dry, newer(first))
	expect(t, got, err, []Outcome{Updated})
	if s.saves != 1 {
		t.Errorf("%d saves", s.saves)
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte("<html>Welcome</html>"))
		return true
	}
	for _, c := range []struct {
		name  string
		setup func(*server, *Config)
		want  string
	}{
		{"wrong token", func(_ *server, c *Config) { c.Token = "glsa_wrong" }, "folder Alpemix: Grafana answers 401 Unauthorized: Invalid API key Bearer [redacted]; is the token from this Grafana"},
		{"user and password", func(_ *server, c *Config) { c.Token = "admin:hunter2-hunter2" }, "401 Unauthorized: Invalid API key Basic [redacted]; is"},
		{"no rights", func(s *server, _ *Config) { s.readOnly = true }, "403 Forbidden: You'll need additional permissions to perform this action. Permissions needed: dashboards:write; give the token's service account"},
		{"a page", func(s *server, _ *Config) { s.intrude = page }, "the answer (HTTP 200) is not from Grafana's API: does the address lack a path"},
		{"without its path", func(s *server, c *Config) { c.URL = s.URL }, "the answer (HTTP 404) is not from Grafana's API"},
		{"a login in front", func(s *server, _ *Config) {
			s.intrude = func(w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "https://sso.example.com/login?next="+r.Header.Get("Authorization"), http.StatusFound)
				return true
			}
		}, "it redirects to https://sso.example.com/login?next=Bearer [redacted]: is that the address"},
		{"changed meanwhile", func(s *server, _ *Config) {
			s.put("alpemix-overview", pushed(t), "")
			s.between = func() { s.boards["alpemix-overview"].version++ }
		}, "dashboard Support overview: Grafana answers 412 Precondition Failed: The dashboard has been changed by someone else; somebody saved it"},
		{"an error without a message", func(s *server, _ *Config) {
			s.intrude = func(w http.ResponseWriter, _ *http.Request) bool {
				s.answer(w, 500, []string{})
				return true
			}
		}, "500 Internal Server Error: without a message"},
		{"no address", func(_ *server, c *Config) { c.URL = "grafana.example.com" }, "has to be like https://grafana.example.com"},
		{"a user in the address", func(_ *server, c *Config) { c.URL = "https://admin:hunter2-hunter2@grafana.example.com" }, "contains a user"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			cfg := Config{URL: s.URL + "/grafana", Token: secret, Folder: "Alpemix"}
			c.setup(s, &cfg)
			_, err := push(t, s, cfg, newer(dashboards.All()[0]))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v\nwant %s", err, c.want)
			}
			for _, word := range []string{secret, "glsa_wrong", "hunter2", "YWRtaW46"} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("it shows a secret: %v", err)
				}
			}
		})
	}
}

// pushed returns the first dashboard as it is in Grafana after a push into an empty one.
func pushed(t *testing.T) map[string]any {
	t.Helper()
	text, err := withMark(dashboards.All()[0].JSON, 0)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}
