package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
)

// TestRenamedLogins: what was known under the old name is known under the new one, including what
// waits and the batch in flight.
func TestRenamedLogins(t *testing.T) {
	login := func(vendor, account, fingerprint string) report.Login {
		return report.Login{Vendor: vendor, Account: account, Fingerprint: fingerprint}
	}
	a, b := login("alpemix", "a", "A"), login("alpemix", "b", "B")
	for _, tt := range []struct {
		name          string
		before, after []report.Login
		want          []report.Move
		now           map[string]string // where the rows of a and b are afterwards
	}{
		{"nothing", []report.Login{a, b}, []report.Login{a, b}, nil, map[string]string{"a": "a", "b": "b"}},
		{"one", []report.Login{a, b}, []report.Login{login("alpemix", "c", "A"), b}, []report.Move{{Vendor: "alpemix", From: "a", To: "c"}}, map[string]string{"a": "c", "b": "b"}},
		{"swapped", []report.Login{a, b}, []report.Login{login("alpemix", "a", "B"), login("alpemix", "b", "A")},
			[]report.Move{{Vendor: "alpemix", From: "b", To: "a"}, {Vendor: "alpemix", From: "a", To: "b"}}, map[string]string{"a": "b", "b": "a"}},
		{"one behind the other", []report.Login{a, b}, []report.Login{login("alpemix", "b", "A"), login("alpemix", "c", "B")},
			[]report.Move{{Vendor: "alpemix", From: "a", To: "b"}, {Vendor: "alpemix", From: "b", To: "c"}}, map[string]string{"a": "b", "b": "c"}},
		{"another login under an old name", []report.Login{a}, []report.Login{login("alpemix", "a", "X")}, nil, map[string]string{"a": "a", "b": "b"}},
		{"a name that somebody has left", []report.Login{a, b}, []report.Login{login("alpemix", "b", "A")},
			[]report.Move{{Vendor: "alpemix", From: "a", To: "b"}, {Vendor: "alpemix", From: "b", To: "b (former)", Displaced: true}},
			map[string]string{"a": "b", "b": "b (former)"}},
		{"removed", []report.Login{a, b}, []report.Login{b}, nil, map[string]string{"a": "a", "b": "b"}},
		{"the same fingerprint at another vendor", []report.Login{a}, []report.Login{a, login("remotepc", "z", "A")}, nil, map[string]string{"a": "a", "b": "b"}},
		{"a state file of an earlier version", nil, []report.Login{login("alpemix", "c", "A"), b}, nil, map[string]string{"a": "a", "b": "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := openTest(t, t.TempDir())
			if _, _, err := s.Rename(tt.before); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b"} {
				o := observation(row("uid of "+name, name), row("more of "+name, name))
				o.Account = name
				o.Days = []report.DayStatus{{Account: name, Day: o.Day, State: report.DayOpen}}
				commitTest(t, s, o)
				if err := s.SetToken(name, "k", "token of "+name, noon); err != nil {
					t.Fatal(err)
				}
			}
			inFlight, _, err := s.Next(1, 1<<20, false)
			if err != nil || len(inFlight.Entries) != 1 {
				t.Fatalf("%+v, %v", inFlight, err)
			}
			got, changed, err := s.Rename(tt.after)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("renamed (-want +got)\n%s", diff)
			}
			if warned := len(changed) > 0; warned != (tt.name == "another login under an old name") {
				t.Errorf("changed %v", changed)
			}
			s = reopen(t, s)
			if again, still, err := s.Rename(tt.after); len(again) != 0 || len(still) != 0 || err != nil {
				t.Errorf("the next start renames %v, %v, %v", again, still, err)
			}
			var queued []string
			for _, e := range drainAll(t, s).Entries {
				queued = append(queued, e.Account+" "+string(e.Raw))
			}
			for old, now := range tt.now {
				id, ok := s.Lookup(now, "uid of "+old)
				if days := s.Days(now); !ok || id.LocalDay == 0 || len(days) != 1 || days[0].Account != now {
					t.Errorf("%s of %s: %v, days %v", now, old, ok, days)
				}
				if s.Totals(now, id.LocalDay).Rows != 2 {
					t.Errorf("%s: %+v", now, s.Totals(now, id.LocalDay))
				}
				if value, _ := s.Token(now, "k"); now != old && value != "" {
					t.Errorf("%s has the %q", now, value)
				}
				if old != now && tt.now[now] != old {
					if _, left := s.Lookup(old, "uid of "+old); left {
						t.Errorf("%s still knows what has moved", old)
					}
				}
			}
			if len(queued) != 4 {
				t.Errorf("queued %v", queued)
			}
		})
	}
}

// TestRenamedResellers: what is allotted under the old name is so under the new one, and nothing is
// left under the old.
func TestRenamedResellers(t *testing.T) {
	s := openTest(t, t.TempDir())
	before := []report.Login{{Vendor: "serwersms", Account: "pl", Fingerprint: "A"}}
	if _, _, err := s.Rename(before); err != nil {
		t.Fatal(err)
	}
	a := report.Allotment{Vendor: "serwersms", Account: "pl", Customer: "77", Resource: "sms_full"}
	a.Allotted.V, a.Allotted.Valid = 100, true
	if err := s.SetAllotment(a, noon); err != nil {
		t.Fatal(err)
	}
	renamed, _, err := s.Rename([]report.Login{{Vendor: "serwersms", Account: "polska", Fingerprint: "A"}})
	if err != nil || len(renamed) != 1 {
		t.Fatalf("%v, %v", renamed, err)
	}
	s = reopen(t, s)
	got := s.Allotments("serwersms", "polska")
	if len(got) != 1 || got[0].Account != "polska" || got[0].Allotted.V != 100 || len(s.Allotments("serwersms", "pl")) != 0 {
		t.Errorf("%+v, left %+v", got, s.Allotments("serwersms", "pl"))
	}
	queued := drainAll(t, s)
	if len(queued.Allotments) != 1 || queued.Allotments[0].Account != "polska" {
		t.Errorf("queued %+v", queued.Allotments)
	}
}
