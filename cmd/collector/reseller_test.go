package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

// add is a call that the tests below let go wrong.
var add = strings.Fields("remotepc user add new@firma.example --first-name Can --last-name Er --computers 5 --password-file -")

const addLook = "collector reseller remotepc user list shows it"

// TestDryRuns print each request of the four documents without its secrets, send nothing and write nothing.
func TestDryRuns(t *testing.T) {
	opening := map[string]string{
		"user/list": "POST %s/user/list\n", "user/add": "POST %s/user/add\n", "user/invite": "POST %s/user/invite\n", "user/signin": "POST %s/user/signin\n",
		"access/status": "GET %s/access/ID/status\n", "access/enable": "GET %s/access/ID/enable/[redacted]\n", "access/disable": "GET %s/access/ID/disable\n",
		"mail/list": "GET %s/mail/ID/list\n", "pack/list": "GET %s/pack/ID/list\n", "pack/enable": "GET %s/pack/ID/enable/mail/7\n", "pack/disable": "GET %s/pack/ID/disable/mail/7\n",
		"subaccounts/index": "POST %s/subaccounts/index\n", "subaccounts/view": "POST %s/subaccounts/view\n", "subaccounts/add": "POST %s/subaccounts/add\n",
		"subaccounts/limit": "POST %s/subaccounts/limit\n", "subaccounts/delete": "POST %s/subaccounts/delete\n",
		"customers/list": "GET %s/customers\n", "customers/create": "POST %s/customers\n", "usercp/domains": "GET %s/domains\n",
	}
	body := map[string]string{
		"user/list": "{}", "user/signin": `"password":"[redacted]"`, "user/invite": `"allotedComputers":`, "user/add": `"invitedUserEmailId":`,
		"subaccounts/add": `"subaccount_password":"[redacted]","subaccount_id":101000`, "subaccounts/limit": `"value":100}`, "subaccounts/delete": `{"id":101000}`,
		"customers/create": `"mail_limit":`,
	}
	seen := map[string]bool{}
	for _, l := range world.Labels() {
		vendor, s := l.Vendor, newStand(t)
		plays := s.plays(vendor)
		before := s.vendors[vendor].Stats()
		files := s.files()
		address := ""
		for _, pair := range s.environ {
			if a, ok := strings.CutPrefix(pair, prefix(vendor)+"ENDPOINT="); ok {
				address = a
			} else if a, ok := strings.CutPrefix(pair, prefix(vendor)+"BASE_URL="); ok {
				address = a
			}
		}
		for _, p := range plays {
			seen[p.call] = true
			words := append([]string{vendor}, strings.Fields(p.args)...)
			if p.call == "usercp/domains" {
				address = strings.Replace(address, "resellercp", "usercp", 1)
			}
			want := fmt.Sprintf(strings.Replace(opening[p.call], "ID", words[min(3, len(words)-1)], 1), address)
			got := s.run(p.stdin, append(words, "--dry-run")...)
			if got.code != exitOK || got.stderr != "" || !strings.HasPrefix(got.stdout, want) || !strings.Contains(got.stdout, body[p.call]) {
				t.Errorf("%s: %+v\nwant %s", p.args, got, want)
			}
			// Without a password's source there is no need of one.
			words = slices.DeleteFunc(words, func(word string) bool { return word == "--password-file" || word == "-" })
			if again := s.run("", append(words, "--dry-run")...); again != got {
				t.Errorf("%s: %+v, %+v", p.args, got, again)
			}
		}
		if after := s.vendors[vendor].Stats(); len(after.Log) != len(before.Log) {
			t.Errorf("%s: %d requests were sent", vendor, len(after.Log)-len(before.Log))
		}
		if now := s.files(); !slices.Equal(now, files) {
			t.Errorf("%s: there is %q, not %q", vendor, now, files)
		}
	}
	if len(seen) != len(opening) {
		t.Errorf("%d of %d calls", len(seen), len(opening))
	}
}

// files is what lies in the state folder.
func (s *stand) files() (all []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.state, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	return all
}

func TestResellerUsage(t *testing.T) {
	s := newStand(t)
	s.environ = append(s.environ, "COLLECTOR_RESELLER_REMOTEPC_ACCOUNTS_1_NAME=us", "COLLECTOR_RESELLER_REMOTEPC_ACCOUNTS_1_API_KEY=k")
	file := write(t, "two.lines", "a\nb\n")
	for _, c := range []struct{ args, stdin, stderr string }{
		{"remotepc user list", "", `--account is missing; configured: eu, us; see: collector reseller remotepc user list --help`},
		{"remotepc user list --account as", "", `--account "as" is not in the configuration; configured: eu, us; see: collector reseller remotepc user list --help`},
		{"remotepc user list --account eu --format yaml", "", `--format "yaml" is not one of table, json; see: collector reseller remotepc user list --help`},
		{"remotepc user add a@b --account eu --first-name a --last-name b", "secret", "the password is missing: give --password-file (- is standard input), or run the command on a terminal; see: collector reseller remotepc user add --help"},
		{"remotepc user signin a --account eu --password secret", "", "unknown flag: --password; see: collector reseller remotepc user signin --help"},
		{"remotepc user signin a --account eu --password-file -", "", "standard input is empty; it has to hold the secret alone; see: collector reseller remotepc user signin --help"},
		{"remotepc user signin a --account eu --password-file -", "a\nb", "standard input has several lines; it has to hold the secret alone; see: collector reseller remotepc user signin --help"},
		{"remotepc user signin a --account eu --password-file -", strings.Repeat("x", 1<<17), "standard input is longer than 65536 bytes, so it is not a secret; see: collector reseller remotepc user signin --help"},
		{"remotepc user signin a --account eu --password-file " + file, "", "--password-file: " + file + " has several lines; it has to hold the secret alone; see: collector reseller remotepc user signin --help"},
		{"remotepc user signin a --account eu --password-file none", "", "--password-file: cannot read none: no such file or directory; see: collector reseller remotepc user signin --help"},
		{"remotepc user add", "", "accepts 1 arg(s), received 0; see: collector reseller remotepc user add --help"},
		{"remotepc user add a@b --first-name a", "", `required flag(s) "last-name" not set; see: collector reseller remotepc user add --help`},
		{"remotepc user add a@b --computers -1", "", `invalid argument "-1" for "--computers" flag: strconv.ParseUint: parsing "-1": invalid syntax; see: collector reseller remotepc user add --help`},
		{"remotepc user invite a@b:many --account eu", "", `"a@b:many": "many" after the colon is not a number of computers; see: collector reseller remotepc user invite --help`},
		{"remotepc user invite a@b:-1 --account eu", "", `"a@b:-1": "-1" after the colon is not a number of computers; see: collector reseller remotepc user invite --help`},
		{"remotepc user invite :5 --account eu", "", `":5" holds no e-mail address; see: collector reseller remotepc user invite --help`},
		{"remotepc users", "", `unknown subcommand "users"; available: user; see: collector reseller remotepc --help`},
		{"serwersms subaccounts view x", "", `ID "x" is not a subaccount's number; collector reseller serwersms subaccounts index shows them; see: collector reseller serwersms subaccounts view --help`},
		{"serwersms subaccounts delete -- -7", "", `ID "-7" is not a subaccount's number; collector reseller serwersms subaccounts index shows them; see: collector reseller serwersms subaccounts delete --help`},
		{"serwersms subaccounts limit 7 eco -1", "", `-1 is negative; this command takes no negative numbers; see: collector reseller serwersms subaccounts limit --help`},
		{"serwersms subaccounts view -7", "", `-7 is negative; this command takes no negative numbers; see: collector reseller serwersms subaccounts view --help`},
		{"serwersms subaccounts limit 7 eco -- -1", "", `COUNT "-1" is not a number of messages; see: collector reseller serwersms subaccounts limit --help`},
		{"serwersms subaccounts limit 7 eco many", "", `COUNT "many" is not a number of messages; see: collector reseller serwersms subaccounts limit --help`},
		{"serwersms subaccounts add bakkal", "", `required flag(s) "template" not set; see: collector reseller serwersms subaccounts add --help`},
		{"limacity customer create a b", "", `required flag(s) "disk-gb", "mail", "mysql-gb" not set; see: collector reseller limacity customer create --help`},
		{"limacity keys remove", "", `unknown subcommand "remove"; available: add; see: collector reseller limacity keys --help`},
	} {
		if got := s.run(c.stdin, strings.Fields(c.args)...); got.code != exitUsage || got.stdout != "" || got.stderr != "collector: "+c.stderr+"\n" {
			t.Errorf("%s: %+v\nwant %s", c.args, got, c.stderr)
		}
	}
	if got := s.words("remotepc user list --account eu"); got.code != exitOK {
		t.Errorf("%+v", got)
	}
	t.Chdir(t.TempDir())
	got := command(t, []string{"COLLECTOR_STATE_DIR=" + s.state}, "", strings.Fields("reseller ccportal pack list 1")...)
	if want := "collector: no collector.yaml here: reseller.ccportal.accounts: is empty; add an account as in collector.example.yaml\n"; got.code != exitUsage || got.stderr != want {
		t.Errorf("%+v", got)
	}
}

// TestWhatAChangeSaysOfItsOutcome: done, refused, unknown, or never sent; and the log says the same.
func TestWhatAChangeSaysOfItsOutcome(t *testing.T) {
	lost := simulator.Fault{Lost: simulator.ErrReset}
	for name, c := range map[string]struct {
		fault   simulator.Fault
		args    []string
		code    int
		opening string // of stderr
		ending  string
		outcome string // in the log; empty: there is no line
		detail  string
	}{
		"done":             {simulator.Fault{}, add, exitOK, "", "", "ok", "computers 5"},
		"lost answer":      {lost, add, exitFailure, "collector: unknown: remotepc account eu, request for user/add: ", "send it again: " + addLook + "\n", "outcome_unknown", "computers 5; 127.0.0.1:"},
		"cut answer":       {simulator.Fault{Cut: 5}, add, exitFailure, "collector: unknown: ", addLook + "\n", "outcome_unknown", "computers 5; "},
		"gateway":          {simulator.Fault{Status: 502}, add, exitFailure, "collector: unknown: ", addLook + "\n", "outcome_unknown", "computers 5; "},
		"error of theirs":  {simulator.Fault{ErrorNumber: 500}, add, exitFailure, "collector: unknown: ", addLook + "\n", "outcome_unknown", "computers 5; "},
		"wrong key":        {simulator.Fault{Expire: true}, add, exitFailure, "collector: refused: ", "see API Keys in the reseller account\n", "not_authorized", "computers 5; "},
		"wrong address":    {simulator.Fault{Block: 1 << 40}, add, exitFailure, "collector: refused: ", "\n", "not_authorized", "computers 5; "},
		"refused by value": {simulator.Fault{}, append(slices.Clone(add[:3]), "not-an-address", "--first-name", "a", "--last-name", "b", "--password-file", "-"), exitFailure, "collector: refused: ", "ENTER_VALID_EMAIL: the vendor does not accept one of the values\n", "invalid_parameter", "computers 0; "},
		"limit":            {lost, strings.Fields("serwersms subaccounts limit 101000 eco 100"), exitFailure, "collector: unknown: ", "no call returns limits: see the customer panel, or set the limit again, which is harmless\n", "outcome_unknown", "eco 100; "},
		"bad type":         {simulator.Fault{}, strings.Fields("serwersms subaccounts limit 101000 fax 100"), exitUsage, "collector: nothing was changed: serwersms account pl, request for subaccounts/limit: not sent: ", "; the vendor knows eco, full, voice, mms and hlr; see: collector reseller serwersms subaccounts limit --help\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.vendors[c.args[0]].SetFault(simulator.ScriptedFaults(c.fault))
			got := s.run(newPassword, c.args...)
			if got.code != c.code || !strings.HasPrefix(got.stderr, c.opening) || !strings.HasSuffix(got.stderr, c.ending) || (got.stdout == "") != (c.code != exitOK) || c.code == exitOK && got.stderr != "" {
				t.Errorf("%+v", got)
			}
			l := s.takeIn()
			if len(l.allotments) != 0 {
				t.Errorf("%+v", l.allotments)
			}
			if c.outcome == "" {
				if len(l.calls) != 0 {
					t.Errorf("%+v", l.calls)
				}
			} else if len(l.calls) != 1 || l.calls[0].Outcome != c.outcome || !strings.HasPrefix(l.calls[0].Detail, c.detail) {
				t.Errorf("%+v", l.calls)
			}
		})
	}
}

// TestNothingIsSentThatCannotBeNoted, and what was never sent is in no log.
func TestNothingIsSentThatCannotBeNoted(t *testing.T) {
	s := newStand(t)
	if err := errors.Join(os.Mkdir(s.state, 0o700), os.WriteFile(filepath.Join(s.state, "provisioning"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	got := s.run(newPassword, add...)
	if got.code != exitFailure || !strings.HasPrefix(got.stderr, "collector: the call could not be noted in the state folder, so it was not sent: mkdir "+s.state+"/provisioning: ") {
		t.Errorf("%+v", got)
	}
	if n := len(s.vendors[world.RemotePC].Stats().Log); n != 0 {
		t.Errorf("%d requests", n)
	}

	s = newStand(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	s.set(world.RemotePC, "ENDPOINT", gone.URL)
	got = s.run(newPassword, add...)
	if got.code != exitFailure || !strings.HasPrefix(got.stderr, "collector: nothing was changed: remotepc account eu, request for user/add: ") || !strings.Contains(got.stderr, "refused") {
		t.Errorf("%+v", got)
	}
	if l := s.takeIn(); len(l.calls) != 0 {
		t.Errorf("%+v", l)
	}
}

// TestADemonstrationIsNotProvisioned: its folder holds nothing real.
func TestADemonstrationIsNotProvisioned(t *testing.T) {
	s := newStand(t)
	if err := (&app{}).markDemo(s.state); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{add, strings.Fields("limacity keys add 7 --key-file -")} {
		if got := s.run(newPassword, args...); got.code != exitUsage || !strings.Contains(got.stderr, "holds the data of collector demo") {
			t.Errorf("%+v", got)
		}
	}
}

// full lets what is written to an open file of this process fail, as on a disk that is full.
func full(t *testing.T, path string) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	device, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	found := 0
	for _, link := range links {
		if target, _ := os.Readlink(link); !strings.HasPrefix(target, path) || filepath.Ext(link) != "" {
			continue
		}
		var fd int
		if _, err := fmt.Sscanf(filepath.Base(link), "%d", &fd); err != nil {
			t.Fatal(err)
		}
		if err := unix.Dup3(int(device.Fd()), fd, unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		found++
	}
	if found != 1 {
		t.Errorf("%d open files below %s", found, path)
	}
}

// TestADiskThatIsFullAfterwards: what was done is said, and that the log will not know it.
func TestADiskThatIsFullAfterwards(t *testing.T) {
	s := newStand(t)
	s.vendors[world.SerwerSMS].SetFault(func(simulator.Request) simulator.Fault {
		full(t, filepath.Join(s.state, "provisioning")+"/")
		return simulator.Fault{}
	})
	got := s.words("serwersms subaccounts limit 101000 eco 100")
	if got.code != exitFailure || got.stdout != "done: subaccount 101000 may send 100 messages of type eco\n" || strings.Count(got.stderr, "\n") != 1 ||
		!strings.Contains(got.stderr, "the outcome of the call could not be noted in the state folder: ") || !strings.Contains(got.stderr, "no space left on device: free space on its disk") ||
		!strings.HasSuffix(got.stderr, "provisioning_log may show the call as outcome_unknown, and the view allotments does not show the change; if repeating it is harmless, send it again\n") {
		t.Errorf("%+v", got)
	}
	if l := s.takeIn(); len(l.calls) != 1 || l.calls[0].Outcome != "outcome_unknown" || l.calls[0].Detail != "eco 100" || len(l.allotments) != 0 {
		t.Errorf("%+v", l)
	}
}

// TestInterrupted: a signal in the middle of a change leaves its outcome unknown, and that is said.
func TestInterrupted(t *testing.T) {
	s := newStand(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.vendors[world.RemotePC].SetFault(func(simulator.Request) simulator.Fault {
		cancel()
		return simulator.Fault{Lag: 1 << 40}
	})
	var stdout, stderr bytes.Buffer
	a := &app{stdin: strings.NewReader(newPassword), stdout: &stdout, stderr: &stderr, environ: s.environ}
	code := a.execute(ctx, append([]string{"reseller"}, add...))
	if code != exitFailure || stdout.Len() > 0 || !strings.Contains(stderr.String(), "collector: unknown: ") || !strings.HasSuffix(stderr.String(), addLook+"\n") {
		t.Errorf("%d %s%s", code, stdout.String(), stderr.String())
	}
	if l := s.takeIn(); len(l.calls) != 1 || l.calls[0].Outcome != "outcome_unknown" {
		t.Errorf("%+v", l)
	}
}

// TestTheSignInLink is printed for whoever asks for it, alone.
func TestTheSignInLink(t *testing.T) {
	s := newStand(t)
	c := one(t, s.vendors[world.RemotePC].Customers("eu", standMoment), func(c world.Customer) bool { return c.Active && c.Secret != "" })
	got := command(t, s.environ, c.Secret, "reseller", "remotepc", "user", "signin", c.Name, "--password-file", "-", "--show-link")
	if got.code != exitOK || !strings.HasPrefix(got.stdout, "https://login.remotepc.com/rpcnew/process/autologin/") || strings.Count(got.stdout, "\n") != 1 || strings.Contains(got.stderr, "autologin") {
		t.Errorf("%+v", got)
	}
	got = s.run("wrong-"+newPassword, "remotepc", "user", "signin", c.Name, "--password-file", "-", "--show-link")
	if got.code != exitFailure || got.stdout != "" || !strings.Contains(got.stderr, "INVALID_PASSWORD") {
		t.Errorf("%+v", got)
	}
}

// TestCompletion: the shell gets vendors, actions and formats, and no files where there are none.
func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"":                           "ccportal limacity remotepc serwersms :4",
		"remotepc ":                  "user :4",
		"serwersms subaccounts ":     "add delete index limit view :4",
		"limacity keys ":             "add :4",
		"ccportal access enable ":    ":4",
		"ccportal pack li":           "list :4",
		"limacity keys --format ":    "table json :4",
		"remotepc user list --acc":   "--account :4",
		"remotepc user add --passwo": "--password-file :4",
	} {
		words := strings.Split("__complete reseller "+line, " ")
		got := command(t, nil, "", words...)
		var offered []string
		for line := range strings.Lines(got.stdout) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t") // what it does follows
			offered = append(offered, word)
		}
		if strings.Join(offered, " ") != want {
			t.Errorf("%q: %q, want %q", line, offered, want)
		}
	}
}
