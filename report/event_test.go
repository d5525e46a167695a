package report

import (
	"testing"
	"time"
)

// TestEventIDs holds the id to a golden value, because receivers store the ids they know.
func TestEventIDs(t *testing.T) {
	e := Event{
		At: time.Date(2026, 7, 6, 9, 0, 0, 0, time.UTC), Month: DayOf(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)),
		Vendor: "remotepc", Account: "eu", Customer: "info@bakkal.example", Resource: "computers", Percent: 80, Allotted: 10, Utilized: 8,
	}
	const golden = "bc805da322e329471c8b358ba6aad95c"
	if got := e.ID(); got != golden {
		t.Errorf("%s, want %s", got, golden)
	}
	for name, change := range map[string]func(*Event){
		"vendor": func(e *Event) { e.Vendor = "ccportal" }, "account": func(e *Event) { e.Account = "us" },
		"customer": func(e *Event) { e.Customer = "x" }, "resource": func(e *Event) { e.Resource = "mail" },
		"month": func(e *Event) { e.Month += 31 }, "percent": func(e *Event) { e.Percent = 100 },
		"parts": func(e *Event) { e.Vendor, e.Account = "remotep", "ceu" },
	} {
		other := e
		if change(&other); other.ID() == golden {
			t.Errorf("another %s, the same id", name)
		}
	}
	same := e
	same.At, same.Utilized, same.Allotted, same.MappedTo = e.At.Add(time.Hour), 9, 11, "Bakkal"
	if same.ID() != golden {
		t.Error("the same event, sent later, has another id")
	}
}
