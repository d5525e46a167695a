package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
	"alpemix-collector/web"
)

// helpDesk is a playground with the four resellers beside Alpemix.
type helpDesk struct {
	*playground
	resellers *stand
	set       []report.Allotment // through us
}

// newHelpDesk has the customers file that the simulator writes. Its CC customers are in a file of their own.
func newHelpDesk(t *testing.T, environ ...string) *helpDesk {
	t.Helper()
	s := newStand(t)
	s.vendors[world.LimaCity].SetQuirks(world.Quirks{List: true})
	var numbers, mappings strings.Builder
	for _, c := range s.vendors[world.CCPortal].Customers(s.account(world.CCPortal), standMoment) {
		fmt.Fprintf(&numbers, "%s\r\n", c.Name)
	}
	if err := (&world.World{Seed: 1}).WriteMappings(&mappings); err != nil {
		t.Fatal(err)
	}
	s.set(world.CCPortal, "CUSTOMERS_FILE", write(t, "numbers.txt", numbers.String()))
	c := newPlayground(t, simulator.Options{
		World: &simulator.World{Seed: 1, HourlyMinimum: 10}, Accounts: []simulator.Account{{Name: "main", Zone: noon(t)}},
		Limits: simulator.Limits{Reports: 200, Tokens: 100, Window: time.Second},
	}, append(environ, s.environ[1:]...)...) // without its state folder
	c.environ = append(c.environ, "COLLECTOR_ALPEMIX_LIMITS_WINDOW=1s", "COLLECTOR_ALPEMIX_LIMITS_REPORTS=100",
		"COLLECTOR_CUSTOMERS_FILE="+write(t, "customers.csv", mappings.String()))
	s.environ, s.state = c.environ, c.setting("COLLECTOR_STATE_DIR")
	return &helpDesk{playground: c, resellers: s}
}

// once runs collector run --once.
func (h *helpDesk) once(t *testing.T) outcome {
	t.Helper()
	got := command(t, h.environ, "", "run", "--once")
	h.resellers.printed.WriteString(got.stdout + got.stderr)
	return got
}

// daemon runs collector run until stop, which returns what it has written.
func (h *helpDesk) daemon(t *testing.T) (stop func() outcome) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan outcome, 1)
	go func() { ended <- commandIn(ctx, h.environ, "", "run") }()
	return func() outcome {
		t.Helper()
		for _, path := range []string{"/api/v1/status", "/metrics", "/"} {
			h.resellers.printed.WriteString(h.page(t, path))
		}
		cancel()
		got := <-ended
		if got.code != exitOK {
			t.Errorf("%+v", got)
		}
		h.resellers.printed.WriteString(got.stdout + got.stderr)
		return got
	}
}

// page is what the daemon answers.
func (h *helpDesk) page(t *testing.T, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + h.setting("COLLECTOR_HTTP_LISTEN") + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// until waits for a status of the daemon.
func (h *helpDesk) until(t *testing.T, done func(*web.Status) bool) *web.Status {
	t.Helper()
	var s *web.Status
	for deadline := time.Now().Add(patience); ; pause(t.Context(), 20*time.Millisecond) {
		var err error
		if s, err = statusAt(t.Context(), h.setting("COLLECTOR_HTTP_LISTEN")); err == nil && done(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen within %s: %+v", patience, s)
		}
	}
}

// settled reports whether every account was read, and all of it written.
func settled(s *web.Status) bool {
	return s.Queue.Rows == 0 && s.Accounts[0].LastSuccess.Today != nil && !slices.ContainsFunc(s.Resellers, func(r web.Reseller) bool { return r.State == web.SnapshotDue })
}

const allotmentColumns = "vendor, account, customer, resource, allotted, utilized, unit, active, created_on"

// allotments are those of the view, a line each.
func (h *helpDesk) allotments(t *testing.T) []string {
	t.Helper()
	return strings.Split(h.ask(t, "SELECT "+allotmentColumns+" FROM allotments ORDER BY vendor, customer, resource"), "\n")
}

// truth is what the view has to hold: of RemotePC and CC what the vendors report, of the others who their customers are and what was
// set through us.
func (h *helpDesk) truth() (lines []string) {
	var rows []report.Allotment
	for vendor, v := range h.resellers.vendors {
		account := h.resellers.account(vendor)
		if vendor == world.RemotePC || vendor == world.CCPortal {
			rows = append(rows, v.Truth(account, h.resellers.now())...)
			continue
		}
		for _, c := range v.Customers(account, h.resellers.now()) {
			rows = append(rows, report.Allotment{Vendor: vendor, Account: account, Customer: c.Key()})
			for _, a := range h.set {
				if a.Vendor == vendor && a.Customer == c.Key() {
					rows = append(rows, a)
				}
			}
		}
	}
	for _, a := range rows {
		day := "\\N"
		if a.CreatedOn.Valid {
			day = a.CreatedOn.V.String()
		}
		lines = append(lines, strings.Join([]string{
			a.Vendor, a.Account, a.Customer, a.Resource, orNull(a.Allotted), orNull(a.Utilized), a.Unit, orNull(a.Active), day,
		}, "\t"))
	}
	slices.Sort(lines)
	return lines
}

func orNull[T any](n sql.Null[T]) string {
	if !n.Valid {
		return "\\N"
	}
	return fmt.Sprint(n.V)
}

// isTruth compares row by row.
func (h *helpDesk) isTruth(t *testing.T, when string) {
	t.Helper()
	got := h.allotments(t)
	slices.Sort(got)
	if want := h.truth(); !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", when, got, want)
	}
}

// through makes changes by commands, and notes what they allot.
func (h *helpDesk) through(t *testing.T) {
	t.Helper()
	s := h.resellers
	c := s.vendors[world.SerwerSMS].Customers("pl", s.now())[1]
	for _, line := range []string{
		"serwersms subaccounts limit " + c.Key() + " eco 100",
		"limacity customer create neukunde info@neukunde.example --disk-gb 10 --mysql-gb 1 --mail 50",
	} {
		if got := s.words(line); got.code != exitOK {
			t.Fatalf("%s: %+v", line, got)
		}
	}
	customers := s.vendors[world.LimaCity].Customers("de", s.now())
	created := customers[slices.IndexFunc(customers, func(c world.Customer) bool { return c.Name == "neukunde" })]
	allot := func(vendor, account, customer, resource string, n float64, unit string) {
		h.set = append(h.set, report.Allotment{
			Vendor: vendor, Account: account, Customer: customer, Resource: resource, Allotted: sql.Null[float64]{V: n, Valid: true}, Unit: unit,
		})
	}
	allot(world.SerwerSMS, "pl", c.Key(), "sms_eco", 100, "")
	allot(world.LimaCity, "de", strconv.Itoa(created.ID), "disk_gb", 10, "GB")
	allot(world.LimaCity, "de", strconv.Itoa(created.ID), "mysql_gb", 1, "GB")
	allot(world.LimaCity, "de", strconv.Itoa(created.ID), "mail", 50, "")
}

// rewrite changes the customers file.
func (h *helpDesk) rewrite(t *testing.T, change func(string) string) {
	t.Helper()
	file := filepath.Clean(h.setting("COLLECTOR_CUSTOMERS_FILE"))
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(change(string(text))), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
