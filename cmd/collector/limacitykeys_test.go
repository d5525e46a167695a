package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"alpemix-collector/reseller/action"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

var create = strings.Fields("limacity customer create bakkal b@bakkal.example --disk-gb 10 --mysql-gb 1 --mail 100")

func (s *stand) keyFile(customer string) string {
	return filepath.Join(s.state, "limacity-keys", "de", customer)
}

// handed is the key that the vendor made for a customer.
func (s *stand) handed(name string) string {
	s.t.Helper()
	c := one(s.t, s.vendors[world.LimaCity].Customers("de", standMoment), func(c world.Customer) bool { return c.Name == name })
	return c.Secret
}

func TestTheKeyOfANewCustomer(t *testing.T) {
	s := newStand(t)
	// Room for the key is there before the request is sent.
	s.vendors[world.LimaCity].SetFault(func(simulator.Request) simulator.Fault {
		if info, err := os.Stat(s.keyFile("@bakkal")); err != nil || info.Size() < 1000 {
			t.Errorf("%v", err)
		}
		return simulator.Fault{}
	})
	if got := s.run("", create...); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	s.vendors[world.LimaCity].SetFault(nil)
	text, err := os.ReadFile(s.keyFile("900001"))
	if err != nil || string(text) != s.handed("bakkal")+"\n" || s.handed("bakkal") == "" {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	l := s.takeIn()
	if len(l.calls) != 1 || l.calls[0].Subject != "bakkal" || l.calls[0].Detail != "disk_gb 10, mysql_gb 1, mail 100; id 900001, key stored" {
		t.Errorf("%+v", l.calls)
	}
	var set []string
	for _, a := range l.allotments {
		set = append(set, strings.TrimSpace(a.Account+" "+a.Customer+" "+a.Resource+" "+action.Cell(a.Allotted.V)+" "+a.Unit))
	}
	if got := strings.Join(set, ", "); got != "de 900001 disk_gb 10 GB, de 900001 mysql_gb 1 GB, de 900001 mail 100" {
		t.Error(got)
	}
	if got := s.words("limacity usercp 900001 domains"); got.code != exitOK || got.stdout != "{\n  \"domains\": []\n}\n" {
		t.Errorf("%+v", got)
	}

	if got := s.words("limacity usercp 900001 domains/../keys"); got.code != exitUsage || !strings.Contains(got.stderr, `not sent: ".." in the path`) {
		t.Errorf("%+v", got)
	}

	got := s.run("own-key\n", strings.Fields("limacity keys add 386557 --key-file -")...)
	if got.code != exitOK || got.stdout != "done: stored the key of customer 386557\n" {
		t.Errorf("%+v", got)
	}
	got = s.run("own-key-2", strings.Fields("limacity keys add 386557 --key-file -")...)
	if got.code != exitOK || got.stdout != "done: stored the key of customer 386557; it replaces the previous one\n" {
		t.Errorf("%+v", got)
	}
	got = s.words("limacity keys")
	lines := strings.Split(got.stdout, "\n")
	if got.code != exitOK || len(lines) != 4 || strings.Join(strings.Fields(lines[0]), " ") != "ACCOUNT CUSTOMER STORED_AT" ||
		!strings.HasPrefix(lines[1], "de       386557    20") || !strings.HasPrefix(lines[2], "de       900001    20") {
		t.Errorf("%+v", got)
	}
	if got := s.words("limacity keys --format json"); got.code != exitOK || !strings.Contains(got.stdout, `"customer": "386557",`) {
		t.Errorf("%+v", got)
	}
	if got := s.words("limacity keys --format xml"); got.code != exitUsage {
		t.Errorf("%+v", got)
	}
	s.noSecrets("own-key")

	got = s.words("limacity usercp 7 domains")
	if want := "collector: no key of customer 7 of account de is stored (" + s.keyFile("7") + "): create one in the customer's account and store it with collector reseller limacity keys add 7\n"; got.code != exitFailure || got.stderr != want {
		t.Errorf("%+v\nwant %s", got, want)
	}
	got = s.words("limacity usercp 386557 domains") // with a key that the vendor does not know
	if got.code != exitFailure || !strings.Contains(got.stderr, "bad_credentials") && !strings.Contains(got.stderr, "the API key is not right") {
		t.Errorf("%+v", got)
	}
}

// answering lets lima-city answer every request with a document.
func (s *stand) answering(doc string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, doc)
	}))
	s.t.Cleanup(server.Close)
	s.set(world.LimaCity, "ENDPOINT", server.URL+"/resellercp")
}

// answeredKey is a key that no simulator knows.
const answeredKey = "HnyxDQCkB6NUJCd6a7X43qIygcLVJ9ZR"

// TestAnAnswerWithoutAKey: the customer is there, and what to do about its key is said.
func TestAnAnswerWithoutAKey(t *testing.T) {
	s := newStand(t)
	s.answering(`{"status":"ok","object":{"id":386557}}`)
	got := s.run("", create...)
	if got.code != exitFailure || got.stdout != "done: created customer bakkal (id 386557)\n" || strings.Count(got.stderr, "\n") != 1 ||
		!strings.HasSuffix(got.stderr, "customer 386557 was created, but the answer holds no api_key: create one in the customer's account; store it with collector reseller limacity keys add 386557\n") {
		t.Errorf("%+v", got)
	}
	if l := s.takeIn(); len(l.calls) != 1 || l.calls[0].Outcome != "ok" || !strings.HasSuffix(l.calls[0].Detail, "; id 386557, no key came") || len(l.allotments) != 3 {
		t.Errorf("%+v", l)
	}
	if names, err := os.ReadDir(s.keyFile("")); err != nil || len(names) != 0 {
		t.Errorf("%v %v", names, err)
	}
}

// TestAnAnswerWithoutAnID: whose key it is nobody knows, but it is not lost.
func TestAnAnswerWithoutAnID(t *testing.T) {
	s := newStand(t)
	s.answering(`{"status":"ok","object":{"api_key":"` + answeredKey + `"}}`)
	got := s.run("", create...)
	if got.code != exitFailure || got.stdout != "" || !strings.HasPrefix(got.stderr, "collector: unknown: ") ||
		!strings.HasSuffix(got.stderr, "\ncollector: the key in the answer is stored; when you know the customer's id, rename "+s.keyFile("@bakkal")+" to it\n") {
		t.Errorf("%+v", got)
	}
	if text, err := os.ReadFile(s.keyFile("@bakkal")); err != nil || string(text) != answeredKey+"\n" {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if l := s.takeIn(); len(l.calls) != 1 || l.calls[0].Outcome != "outcome_unknown" || len(l.allotments) != 0 {
		t.Errorf("%+v", l)
	}
	if got := s.words("limacity keys"); !strings.Contains(got.stdout, "@bakkal") {
		t.Errorf("%+v", got)
	}
	// A second customer of that name would have no room for its key.
	got = s.run("", create...)
	if got.code != exitFailure || !strings.HasPrefix(got.stderr, "collector: nothing was changed: not enough space for the key of bakkal, so nothing was sent: ") {
		t.Errorf("%+v", got)
	}
	s.noSecrets(answeredKey)
}

// TestAnotherKeyIsThere: neither of the two is lost.
func TestAnotherKeyIsThere(t *testing.T) {
	s := newStand(t)
	s.answering(`{"status":"ok","object":{"id":386557,"api_key":"` + answeredKey + `"}}`)
	if got := s.run("own-key", strings.Fields("limacity keys add 386557 --key-file -")...); got.code != exitOK {
		t.Fatal(got)
	}
	got := s.run("", create...)
	if got.code != exitFailure || got.stdout != "done: created customer bakkal (id 386557)\n" || !strings.Contains(got.stderr, "collector: the key is in "+s.keyFile("@bakkal")+", because another one is already in ") {
		t.Errorf("%+v", got)
	}
	for file, want := range map[string]string{"386557": "own-key\n", "@bakkal": answeredKey + "\n"} {
		if text, err := os.ReadFile(s.keyFile(file)); err != nil || string(text) != want {
			t.Errorf("%s: %d bytes, %v", file, len(text), err)
		}
	}
	s.noSecrets(answeredKey, "own-key")
}

// TestNoRoomForAKey: without it the customer is not made.
func TestNoRoomForAKey(t *testing.T) {
	s := newStand(t)
	if err := os.MkdirAll(s.state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.state, "limacity-keys"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := s.run("", create...)
	if got.code != exitFailure || got.stdout != "" || !strings.HasPrefix(got.stderr, "collector: nothing was changed: not enough space for the key of bakkal, so nothing was sent: mkdir ") {
		t.Errorf("%+v", got)
	}
	if l := s.takeIn(); len(l.calls) != 0 || len(s.vendors[world.LimaCity].Stats().Log) != 0 {
		t.Errorf("%+v", l)
	}
}

// TestAKeyThatNoDiskTakes is shown at a terminal, as a last resort, and nowhere else.
func TestAKeyThatNoDiskTakes(t *testing.T) {
	s := newStand(t)
	s.vendors[world.LimaCity].SetFault(func(simulator.Request) simulator.Fault {
		full(t, filepath.Join(s.state, "limacity-keys")+"/")
		return simulator.Fault{}
	})
	again := "create a new one in the customer's account, then run collector reseller limacity keys add 90000"
	got := s.run("", create...)
	if got.code != exitFailure || got.stdout != "done: created customer bakkal (id 900001)\n" || strings.Count(got.stderr, "\n") != 1 ||
		!strings.Contains(got.stderr, "THE KEY OF CUSTOMER bakkal IS NOT STORED: ") || !strings.HasSuffix(got.stderr, "free space on its disk; "+again+"1\n") {
		t.Errorf("%+v", got)
	}
	if l := s.takeIn(); len(l.calls) != 1 || l.calls[0].Outcome != "ok" || !strings.HasSuffix(l.calls[0].Detail, "id 900001, the key was not stored") || len(l.allotments) != 3 {
		t.Errorf("%+v", l)
	}

	user, terminal := pty(t)
	var stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: terminal, stderr: &stderr, environ: s.environ}
	create := append([]string{"reseller"}, strings.Fields("limacity customer create manav m@manav.example --disk-gb 1 --mysql-gb 1 --mail 1")...)
	if code := a.execute(t.Context(), create); code != exitFailure {
		t.Error(code)
	}
	shown := make([]byte, 4096)
	n, err := user.Read(shown)
	if err != nil || !strings.HasPrefix(string(shown[:n]), s.handed("manav")+"\r\n") {
		t.Errorf("%q %v", shown[:n], err)
	}
	if !strings.HasSuffix(stderr.String(), "the line above is its only copy: keep it in a safe place, or "+again+"2\n") || strings.Contains(stderr.String(), s.handed("manav")) {
		t.Error(stderr.String())
	}
}
