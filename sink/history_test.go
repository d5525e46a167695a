package sink

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"alpemix-collector/report"
	"alpemix-collector/store"
)

// span is one line of the history as it has to be.
type span struct {
	customer string
	allotted float64
	from, to time.Time
}

func (s span) String() string {
	to := "\\N"
	if !s.to.IsZero() {
		to = s.to.Format(time.DateTime)
	}
	return fmt.Sprintf("%s\t%v\t%s\t%s", s.customer, s.allotted, s.from.Format(time.DateTime), to)
}

// TestHistoryFromTheStoreToTheViews reads a vendor whose customers come, change and go, some hundred times, in the middle with a new
// state file instead of one that was lost, and compares both views row by row.
func TestHistoryFromTheStoreToTheViews(t *testing.T) {
	const seed = 4
	random := rand.New(rand.NewPCG(seed, seed))
	d := open(t)
	log := slog.New(slog.DiscardHandler)
	state, err := store.OpenSimulated(t.TempDir(), log, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := at
	valid := map[string]span{}
	var past []span
	end := func(customer string) {
		was := valid[customer]
		was.to = now
		past = append(past, was)
		delete(valid, customer)
	}
	for round := range 120 {
		now = now.Add(time.Duration(1+random.IntN(7200)) * time.Second)
		lost := round == 60
		if lost {
			drain(t, state, d)
			if err := state.Close(); err != nil {
				t.Fatal(err)
			}
			if state, err = store.OpenSimulated(t.TempDir(), log, store.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		snap := report.Snapshot{Vendor: "remotepc", Account: "eu", At: now}
		for i := range 8 {
			customer := fmt.Sprint("customer ", i)
			was, there := valid[customer]
			switch next := float64(random.IntN(3)); {
			case random.IntN(4) == 0 && there: // gone
				end(customer)
				continue
			case random.IntN(4) == 0 && was.allotted != next || lost && there: // a new file does not know what was valid before
				if there {
					end(customer)
				}
				valid[customer] = span{customer: customer, allotted: next, from: now}
			case !there:
				continue
			}
			snap.Allotments = append(snap.Allotments, report.Allotment{
				Vendor: "remotepc", Account: "eu", Customer: customer, Resource: "computers", Allotted: known(valid[customer].allotted),
			})
		}
		if _, err := state.Snapshot(snap); err != nil {
			t.Fatal(err)
		}
		if random.IntN(3) == 0 {
			drain(t, state, d)
		}
	}
	drain(t, state, d)
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	var want, open []string
	for _, s := range past {
		want = append(want, s.String())
	}
	for _, s := range valid {
		want = append(want, s.String())
		open = append(open, fmt.Sprintf("%s\t%v\t%s", s.customer, s.allotted, now.Format(time.DateTime)))
	}
	slices.Sort(want)
	slices.Sort(open)
	got := strings.Split(ask(t, d, "SELECT customer, allotted, valid_from, valid_to FROM allotment_history ORDER BY customer, valid_from"), "\n")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(past) < 50 {
		t.Errorf("%d periods\n%s", len(want), diff)
	}
	if diff := cmp.Diff(strings.Join(open, "\n"), ask(t, d, "SELECT customer, allotted, at FROM allotments ORDER BY customer")); diff != "" {
		t.Error(diff)
	}
}

func drain(t *testing.T, state *store.Store, d *DB) {
	t.Helper()
	for {
		q, more, err := state.Next(1000, 1<<20, true)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
		if err := d.Writer().Write(t.Context(), report.Batch{Allotments: q.Allotments, Snapshots: q.Snapshots}); err != nil {
			t.Fatal(err)
		}
		if err := state.Ack(q); err != nil {
			t.Fatal(err)
		}
	}
}
