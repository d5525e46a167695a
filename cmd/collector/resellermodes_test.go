package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	world "alpemix-collector/simulator/reseller"
)

// played is one call of a document on the command line.
type played struct {
	call    string // in the vendor's words
	args    string
	stdin   string
	want    string // in the output
	changes bool
	refused []string // modes in which the vendor refuses it
	whole   []string // broken modes in which it is a success all the same
}

const newPassword = "fresh-pass-42"

// plays are all calls of the four documents, for customers that are there.
func (s *stand) plays(vendor string) []played {
	v := s.vendors[vendor]
	customers := v.Customers(s.account(vendor), standMoment)
	switch vendor {
	case world.RemotePC:
		c := one(s.t, customers, func(c world.Customer) bool { return c.Active && c.Secret != "" })
		return []played{
			{call: "user/list", args: "user list", want: c.Name},
			{call: "user/list", args: "user list --format json", want: fmt.Sprintf("%q", c.Name)},
			{call: "user/add", args: "user add new@firma.example --first-name Can --last-name Er --computers 5 --password-file -", stdin: newPassword + "\n",
				want: "done: added new@firma.example, with 5 computers\n", changes: true},
			{call: "user/add", args: "user add mailed@firma.example --first-name Can --last-name Er --send-email --password-file -", stdin: newPassword,
				want: "done: added mailed@firma.example, with 0 computers\n", changes: true},
			{call: "user/invite", args: "user invite a@firma.example " + c.Name + " --computers 10",
				want: "done: a@firma.example INVITED, " + c.Name + " EXISTS\n", changes: true},
			{call: "user/invite", args: "user invite d@firma.example:7 e@firma.example --computers 3", want: "done: d@firma.example INVITED, e@firma.example INVITED\n", changes: true},
			{call: "user/signin", args: "user signin " + c.Name + " --password-file -", stdin: c.Secret, refused: []string{"suspended"},
				want: "done: got a sign-in link for " + c.Name + "; add --show-link to print it\n"},
		}
	case world.CCPortal:
		c := one(s.t, customers, func(c world.Customer) bool { return c.Active && !c.Dirty && len(c.Packs) > 0 && len(c.Mails) > 0 })
		id, bodiless := c.Name, []string{"nothing", "null", "array", "half"}
		change := func(call, args, stdin, want string) played {
			return played{call: call, args: args, stdin: stdin, want: want, changes: true, refused: []string{"dirty"}, whole: bodiless}
		}
		return []played{
			{call: "access/status", args: "access status " + id, want: id},
			{call: "access/status", args: "access status " + id + " --format json", want: `"enabled": true`},
			{call: "mail/list", args: "mail list " + id, want: c.Mails[0]},
			{call: "mail/list", args: "mail list " + id + " --format json", want: `"type": "TYPE_`},
			{call: "pack/list", args: "pack list " + id, want: c.Packs[0].Name},
			{call: "pack/list", args: "pack list " + id + " --format json", want: `"dirty": `},
			change("access/enable", "access enable "+id+" --password-file -", newPassword+"\r\n", "done: customer "+id+" can log in with the new password\n"),
			change("pack/enable", "pack enable "+id+" mail 7", "", "done: customer "+id+" has pack mail 7\n"),
			change("pack/disable", "pack disable "+id+" mail 7", "", "done: customer "+id+" no longer has pack mail 7\n"),
			change("access/disable", "access disable "+id, "", "done: customer "+id+" can no longer log in\n"),
		}
	case world.SerwerSMS:
		c := customers[0]
		id := strconv.Itoa(c.ID)
		plays := []played{
			{call: "subaccounts/index", args: "subaccounts index", want: id + "  " + c.Name},
			{call: "subaccounts/index", args: "subaccounts index --format json", want: fmt.Sprintf("%q", c.Name)},
			{call: "subaccounts/view", args: "subaccounts view " + id, want: c.Email},
			{call: "subaccounts/view", args: "subaccounts view " + id + " --format json", want: fmt.Sprintf("%q", c.Email)},
			{call: "subaccounts/add", args: "subaccounts add bakkal --template " + id + " --name Bakkal --phone 500600700 --email b@bakkal.example --password-file -", stdin: newPassword,
				want: "done: added subaccount bakkal (id 900001)\n", changes: true},
		}
		for _, kind := range []string{"eco", "full", "voice", "mms", "hlr"} {
			plays = append(plays, played{call: "subaccounts/limit", args: "subaccounts limit " + id + " " + kind + " 100",
				want: "done: subaccount " + id + " may send 100 messages of type " + kind + "\n", changes: true})
		}
		return append(plays, played{call: "subaccounts/delete", args: "subaccounts delete " + id, want: "done: deleted subaccount " + id + "\n", changes: true})
	}
	c := one(s.t, customers, func(c world.Customer) bool { return c.Secret != "" && c.Company != "" })
	id := strconv.Itoa(c.ID)
	if got := s.run(c.Secret, "limacity", "keys", "add", id, "--key-file", "-"); got.code != exitOK {
		s.t.Fatal(got)
	}
	unlisted := []string{"document", "plain-error", "errors-inside", "null-key"}
	return []played{
		{call: "customers/list", args: "customer list", want: id + "  " + c.Name, refused: unlisted},
		{call: "customers/list", args: "customer list --format json", want: fmt.Sprintf("%q", c.Name), refused: unlisted},
		{call: "customers/create", args: "customer create bakkal b@bakkal.example --disk-gb 10 --mysql-gb 1 --mail 100", changes: true,
			want: "done: created customer bakkal (id 900001); its API key is stored in state_dir/limacity-keys; try: collector reseller limacity usercp 900001 domains\n"},
		{call: "customers/create", args: "customer create keyless k@bakkal.example --disk-gb 5 --mysql-gb 1 --mail 10 --no-key", changes: true,
			want: "done: created customer keyless (id 900002)\n"},
		{call: "usercp/domains", args: "usercp " + id + " domains", want: `"unicode_fqdn": "`},
	}
}

func one(t *testing.T, customers []world.Customer, is func(world.Customer) bool) world.Customer {
	t.Helper()
	i := slices.IndexFunc(customers, is)
	if i < 0 {
		t.Fatal("there is no such customer")
	}
	return customers[i]
}

// TestResellerCallsInEveryMode: every call of the four documents from the command line, in every reading of them, and against
// everything that is none.
func TestResellerCallsInEveryMode(t *testing.T) {
	for _, variant := range []struct{ vendor, name, key, value string }{
		{world.RemotePC, "", "", ""},
		{world.CCPortal, "json", "FORMAT", "json"},
		{world.CCPortal, "xml", "FORMAT", "xml"},
		{world.SerwerSMS, "token", "", ""},
		{world.SerwerSMS, "login", "TOKEN", ""},
		{world.LimaCity, "", "", ""},
	} {
		for _, mode := range world.Modes(variant.vendor) {
			if variant.name == "login" && mode.Broken {
				continue // no answer is the same no answer
			}
			t.Run(variant.vendor+variant.name+"/"+mode.Name, func(t *testing.T) {
				t.Parallel()
				s := newStand(t)
				v := s.vendors[variant.vendor]
				if variant.key != "" {
					s.set(variant.vendor, variant.key, variant.value)
				}
				if variant.name == "login" {
					a := v.Accounts()[0]
					s.set(variant.vendor, "USERNAME", a.Username)
					s.set(variant.vendor, "PASSWORD", a.Password)
				}
				plays := s.plays(variant.vendor)
				v.SetQuirks(mode.Quirks)
				for _, p := range plays {
					s.play(variant.vendor, mode, p)
				}
				if l := s.takeIn(); len(l.calls) != 0 {
					t.Errorf("imported twice: %+v", l)
				}
			})
		}
	}
}

// play runs one call and holds output, exit status, the vendor's count and the log against each other.
func (s *stand) play(vendor string, mode world.Mode, p played) {
	s.t.Helper()
	v := s.vendors[vendor]
	before := v.Stats()
	got := s.run(p.stdin, append([]string{vendor}, strings.Fields(p.args)...)...)
	after, logged := v.Stats(), s.takeIn()
	if asked := after.Requests[p.call] - before.Requests[p.call]; asked != 1 || len(after.Log) != len(before.Log)+1 {
		s.t.Errorf("%s: %d requests, %d in all", p.args, asked, len(after.Log)-len(before.Log))
	}
	broken := mode.Broken && !slices.Contains(p.whole, mode.Name)
	if lists := mode.Name == "no-list" || mode.Name == "no-items"; lists && !strings.HasSuffix(p.call, "/list") && !strings.HasSuffix(p.call, "/index") {
		broken = false
	}
	wantOutcome := "ok"
	switch {
	case broken || slices.Contains(p.refused, mode.Name):
		if got.code != exitFailure || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, vendor+" account "+s.account(vendor)+", request for "+jobOf(p.call)) {
			s.t.Errorf("%s: %+v", p.args, got)
		}
		wantOutcome = s.failed(mode, p, got)
	case got.code != exitOK || got.stderr != "" || !strings.Contains(got.stdout, p.want):
		s.t.Errorf("%s: %+v", p.args, got)
	case strings.Contains(p.args, "json") && !json.Valid([]byte(got.stdout)):
		s.t.Errorf("%s: not JSON: %s", p.args, got.stdout)
	}
	if !p.changes {
		if len(logged.calls) != 0 {
			s.t.Errorf("%s: a read is in the log: %+v", p.args, logged.calls)
		}
		return
	}
	if len(logged.calls) != 1 {
		s.t.Fatalf("%s: %+v", p.args, logged.calls)
	}
	c := logged.calls[0]
	if c.Vendor != vendor || c.Account != s.account(vendor) || c.Action != p.call || c.Outcome != wantOutcome || c.Subject == "" || c.At.IsZero() {
		s.t.Errorf("%s: %+v, want the outcome %s", p.args, c, wantOutcome)
	}
	want := 0
	if wantOutcome == "ok" {
		want = map[string]int{"subaccounts/limit": 1, "customers/create": 3}[p.call]
	}
	if len(logged.allotments) != want {
		s.t.Errorf("%s: %+v", p.args, logged.allotments)
	}
	if deleted := wantOutcome == "ok" && p.call == "subaccounts/delete"; deleted != (len(logged.ended) == 1) || deleted && logged.ended[0] != vendor+" "+s.account(vendor)+" "+c.Subject {
		s.t.Errorf("%s: ended %q", p.args, logged.ended)
	}
}

// failed checks how a failure is named, and returns the outcome that the log has to have.
func (s *stand) failed(mode world.Mode, p played, got outcome) string {
	s.t.Helper()
	opening, logged := "collector: unknown: ", "outcome_unknown"
	switch {
	case !p.changes:
		opening = "collector: "
	case mode.Name == "dirty":
		opening, logged = "collector: refused: ", "pending"
	}
	if !strings.HasPrefix(got.stderr, opening) || strings.Contains(got.stderr, "; the vendor may have carried it out: check before you send it again: ") != (logged == "outcome_unknown" && p.changes) {
		s.t.Errorf("%s: %s", p.args, got.stderr)
	}
	return logged
}

// jobOf is a call as errors name it.
func jobOf(call string) string {
	if strings.HasPrefix(call, "usercp/") {
		return "usercp"
	}
	return call
}
