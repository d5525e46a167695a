package sink

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
)

// TestFollow: rows follow the name of their login, even if an earlier move was interrupted.
func TestFollow(t *testing.T) {
	d := open(t)
	w := d.Writer()
	c := connection(0)
	c.Account = "main"
	if err := w.Write(t.Context(), report.Batch{Connections: []report.Connection{c}}); err != nil {
		t.Fatal(err)
	}
	login := func(account, fingerprint string) report.Login {
		return report.Login{Vendor: "alpemix", Account: account, Fingerprint: fingerprint}
	}
	move := func(from, to string) report.Move { return report.Move{Vendor: "alpemix", From: from, To: to} }
	for _, tt := range []struct {
		name   string
		before func()
		logins []report.Login
		want   []report.Move
		stored string
	}{
		{"nothing is known yet", nil, []report.Login{login("main", "A")}, nil, "main"},
		{"nothing has changed", nil, []report.Login{login("main", "A")}, nil, "main"},
		{"another name", nil, []report.Login{login("merkez", "A")}, []report.Move{move("main", "merkez")}, "merkez"},
		{"another vendor's login", nil, []report.Login{{Vendor: "remotepc", Account: "eu", Fingerprint: "A"}}, nil, "merkez"},
		{"imported under the new name, with another start", func() {
			again := c
			again.Account, again.StartedAt, again.Version = "main", c.StartedAt.Add(time.Second), c.Version+5
			if err := w.Write(t.Context(), report.Batch{Connections: []report.Connection{again}}); err != nil {
				t.Fatal(err)
			}
		}, []report.Login{login("main", "A")}, []report.Move{move("merkez", "main")}, "main"},
		{"interrupted, and the old name again", func() {
			if err := w.copyRows(t.Context(), loginRows, move("main", "x"), ""); err != nil {
				t.Fatal(err)
			}
			if err := w.moveTable(t.Context(), movables[0], move("main", "x")); err != nil {
				t.Fatal(err)
			}
		}, []report.Login{login("main", "A")}, []report.Move{move("x", "main")}, "main"},
		{"interrupted, and resumed", func() {
			if err := w.copyRows(t.Context(), loginRows, move("main", "x"), ""); err != nil {
				t.Fatal(err)
			}
		}, []report.Login{login("x", "A"), login("main", "B")}, []report.Move{move("main", "x")}, "x"},
		{"places changed", nil, []report.Login{login("x", "B"), login("main", "A")}, []report.Move{move("main", "x"), move("x", "main")}, "main"},
		{"one that was removed, whose name another takes", nil, []report.Login{login("main", "B")},
			[]report.Move{move("x", "main"), {Vendor: "alpemix", From: "main", To: "main (former)", Displaced: true}}, "main (former)"},
		{"it comes back", nil, []report.Login{login("main", "B"), login("y", "A")}, []report.Move{move("main (former)", "y")}, "y"},
	} {
		if tt.before != nil {
			tt.before()
		}
		got, err := w.Follow(t.Context(), tt.logins)
		if err != nil || cmp.Diff(tt.want, got) != "" {
			t.Errorf("%s: %v, want %v (%v)", tt.name, got, tt.want, err)
		}
		if stored := ask(t, d, "SELECT groupArray(account) FROM connections"); stored != "['"+tt.stored+"']" {
			t.Errorf("%s: stored under %s", tt.name, stored)
		}
		if again, changed, err := w.Renamed(t.Context(), tt.logins); len(again) != 0 || len(changed) != 0 || err != nil {
			t.Errorf("%s: still to move are %v, changed %v (%v)", tt.name, again, changed, err)
		}
	}
}
