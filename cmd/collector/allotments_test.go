package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
	"alpemix-collector/web"
)

// hookEvent is an event as a webhook gets it.
type hookEvent struct {
	ID, Vendor, Customer, Resource string
	MappedTo                       string `json:"mapped_to"`
	Percent                        int
}

// receiver is a webhook that counts.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	events map[string]int // by content
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{events: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		var e hookEvent
		if err := json.NewDecoder(request.Body).Decode(&e); err != nil || e.ID != request.Header.Get("Idempotency-Key") {
			t.Errorf("%+v: %v", e, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events[fmt.Sprintf("%s %s %s %d mapped %t", e.Vendor, e.Customer, e.Resource, e.Percent, e.MappedTo != "")]++
	}))
	t.Cleanup(r.Close)
	return r
}

// due are the events that the vendors' present allotments have to bring.
func (h *helpDesk) due(into map[string]int) {
	for vendor, v := range h.resellers.vendors {
		for _, a := range v.Truth(h.resellers.account(vendor), h.resellers.now()) {
			for _, percent := range []int{80, 100} {
				if a.Allotted.Valid && a.Utilized.Valid && a.Utilized.V > 0 && a.Utilized.V*100 >= a.Allotted.V*float64(percent) {
					into[fmt.Sprintf("%s %s %s %d mapped true", a.Vendor, a.Customer, a.Resource, percent)] = 1
				}
			}
		}
	}
}

// TestAllotmentsOfADaemon follows four vendors, from one state to another 45 days later, and calls of commands beside the daemon.
func TestAllotmentsOfADaemon(t *testing.T) {
	hook := newReceiver(t)
	h := newHelpDesk(t, "COLLECTOR_RESELLER_WEBHOOK_URL="+hook.URL+"/in/"+newPassword, "COLLECTOR_RESELLER_LIMACITY_SCHEDULE=@every 1s")
	events := map[string]int{}
	h.due(events)
	stop := h.daemon(t)
	h.until(t, settled)
	h.isTruth(t, "at the start")
	h.through(t)
	taken := h.until(t, func(s *web.Status) bool { return s.Resellers[2].Allotments == 1 && s.Resellers[3].Allotments == 3 })
	h.until(t, func(s *web.Status) bool { // the next reading lists the new customer
		return s.Resellers[3].LastSnapshot.After(*taken.Resellers[3].LastSnapshot) && s.Queue.Rows == 0 && s.Events.Waiting == 0
	})
	h.isTruth(t, "after calls of commands")
	calls := h.ask(t, "SELECT vendor, action, outcome FROM provisioning_log ORDER BY vendor")
	if calls != "limacity\tcustomers/create\tok\nserwersms\tsubaccounts/limit\tok" {
		t.Errorf("provisioning_log: %s", calls)
	}
	stop()

	before := time.Now()
	pause(t.Context(), time.Second) // periods have whole seconds
	h.resellers.ahead.Store(int64(45 * 24 * time.Hour))
	h.due(events)
	stop = h.daemon(t)
	s := h.until(t, func(s *web.Status) bool { return settled(s) && s.Events.Waiting == 0 })
	h.isTruth(t, "45 days later")
	for _, r := range s.Resellers {
		if r.State != web.SnapshotOK || r.Customers == 0 || r.LastError != nil {
			t.Errorf("%+v", r)
		}
	}
	if !s.CustomersFile.Valid || s.CustomersFile.Lines < 100 || !s.Events.Webhook {
		t.Errorf("%+v %+v", s.CustomersFile, s.Events)
	}
	h.metricsOfAllotments(t)
	h.historyOf(t, before)
	joined := h.ask(t, "SELECT countIf(connections > 0 AND resource != '') > 10, countIf(customer = '(unmapped)' AND connections > 0) > 0 FROM usage_vs_allotment")
	if joined != "1\t1" {
		t.Errorf("usage_vs_allotment: %s", joined)
	}
	stop()
	hook.mu.Lock()
	defer hook.mu.Unlock()
	if !maps.Equal(hook.events, events) || len(events) < 10 {
		t.Errorf("got  %v\nwant %v", hook.events, events)
	}
}

// historyOf compares the history with the truth: before the vendors' clock moved, and now.
func (h *helpDesk) historyOf(t *testing.T, before time.Time) {
	t.Helper()
	ahead := h.resellers.ahead.Swap(0)
	was := h.truth()
	h.resellers.ahead.Store(ahead)
	for _, c := range []struct {
		valid string
		want  []string
	}{
		{fmt.Sprintf("valid_from <= %[1]d AND (valid_to IS NULL OR valid_to > %[1]d)", before.Unix()), was},
		{"valid_to IS NULL", h.truth()},
	} {
		got := strings.Split(h.ask(t, "SELECT "+allotmentColumns+" FROM allotment_history WHERE "+c.valid), "\n")
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.valid, got, c.want)
		}
	}
	if slices.Equal(was, h.truth()) {
		t.Error("nothing has changed in 45 days")
	}
}

// metricsOfAllotments compares the sums.
func (h *helpDesk) metricsOfAllotments(t *testing.T) {
	t.Helper()
	metrics := h.page(t, "/metrics")
	var allotted, utilized, exhausted float64
	for _, a := range h.resellers.vendors[world.RemotePC].Truth("eu", h.resellers.now()) {
		allotted, utilized = allotted+a.Allotted.V, utilized+a.Utilized.V
		if a.Utilized.V >= a.Allotted.V {
			exhausted++
		}
	}
	for name, value := range map[string]float64{"allotted": allotted, "utilized": utilized, "allotment_exhausted_customers": exhausted} {
		if want := fmt.Sprintf("reseller_%s{account=\"eu\",resource=\"computers\",vendor=\"remotepc\"} %v\n", name, value); !strings.Contains(metrics, want) {
			t.Errorf("%s is missing in %s", want, metrics)
		}
	}
}

// TestResellersThatFail: each in its own way. Nothing that is known changes, the page, the metrics and the log
// report it, and Alpemix is collected.
func TestResellersThatFail(t *testing.T) {
	h := newHelpDesk(t)
	if got := h.once(t); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	known := h.allotments(t)
	for vendor, fault := range map[string]simulator.Fault{
		world.RemotePC:  {Expire: true}, // a wrong key
		world.CCPortal:  {Err: simulator.ErrRefused},
		world.SerwerSMS: {Block: time.Hour}, // by address
		world.LimaCity:  {Page: simulator.MaintenancePage},
	} {
		h.resellers.vendors[vendor].SetFault(func(simulator.Request) simulator.Fault { return fault })
	}
	h.resellers.ahead.Store(int64(45 * 24 * time.Hour)) // the vendors have changes that they fail to report
	stop := h.daemon(t)
	s := h.until(t, settled)
	reasons := map[string]string{}
	metrics := h.page(t, "/metrics")
	for _, r := range s.Resellers {
		if r.State != web.SnapshotFailing || r.LastError == nil || !strings.Contains(r.LastError.Message, r.Vendor+" account "+r.Name) || r.Customers == 0 {
			t.Errorf("%+v", r)
			continue
		}
		reasons[r.Vendor] = r.LastError.Reason
		if want := fmt.Sprintf("reseller_request_failures_total{account=%q,reason=%q,vendor=%q} ", r.Name, r.LastError.Reason, r.Vendor); !strings.Contains(metrics, want) {
			t.Errorf("%s is missing in the metrics", want)
		}
		if !strings.Contains(h.page(t, "/"), strings.Split(r.LastError.Message, ":")[0]) {
			t.Errorf("the page does not show %s", r.LastError.Message)
		}
	}
	want := map[string]string{"remotepc": "not_authorized", "ccportal": "connection_lost", "serwersms": "address_refused", "limacity": "html_answer"}
	if !maps.Equal(reasons, want) {
		t.Errorf("reasons %v, want %v", reasons, want)
	}
	if a := s.Accounts[0]; a.LastError != nil || a.LastSuccess.Today == nil {
		t.Errorf("%+v", a)
	}
	if got := h.allotments(t); !slices.Equal(got, known) {
		t.Errorf("changed from %q to %q", known, got)
	}
	log := stop().stderr
	for vendor, reason := range reasons {
		if !strings.Contains(log, "msg=\"snapshot failed; what is known stays as it is\" vendor="+vendor) || !strings.Contains(log, "reason="+reason) {
			t.Errorf("the log does not report %s: %s", vendor, log)
		}
	}

	got := h.once(t)
	for vendor := range reasons {
		if !strings.Contains(got.stderr, vendor+" account "+h.resellers.account(vendor)) {
			t.Errorf("%s is not named: %s", vendor, got.stderr)
		}
	}
	if got.code != exitFailure {
		t.Errorf("%+v", got)
	}
}

// TestResellersDoNotNeedAlpemix: neither when it fails nor when no account of it is configured. A customer of CC whose changes are
// pending is no failure.
func TestResellersDoNotNeedAlpemix(t *testing.T) {
	h := newHelpDesk(t)
	h.resellers.vendors[world.CCPortal].SetQuirks(world.Quirks{Dirty: true})
	all := h.environ
	h.environ = append(all[:len(all):len(all)], "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=wrong")
	if got := h.once(t); got.code != exitFailure || !strings.Contains(got.stderr, "account main") || strings.Contains(got.stderr, "snapshot failed") {
		t.Errorf("%+v", got)
	}
	h.isTruth(t, "beside an Alpemix that fails")

	h.environ = slices.DeleteFunc(slices.Clone(all), func(pair string) bool { return strings.HasPrefix(pair, "COLLECTOR_ALPEMIX_ACCOUNTS_") })
	h.resellers.ahead.Store(int64(45 * 24 * time.Hour))
	got := h.once(t)
	if got.code != exitOK || !strings.Contains(got.stderr, "has not carried out all changes of these customers yet") {
		t.Errorf("%+v", got)
	}
	h.isTruth(t, "without Alpemix")

	// A wrong line of the customers file is a failure that names it; the lines before stay in use.
	lines := h.ask(t, "SELECT count() FROM customers")
	h.rewrite(t, func(text string) string { return text + "Nobody,alpemix,,support_nubmer,7\n" })
	got = h.once(t)
	if got.code != exitFailure || !strings.Contains(got.stderr, `field "support_nubmer" is not one of alpemix's`) || !strings.Contains(got.stderr, "customers.csv: line ") {
		t.Errorf("%+v", got)
	}
	if after := h.ask(t, "SELECT count() FROM customers"); after != lines || lines == "0" {
		t.Errorf("%s lines were in use, now %s", lines, after)
	}
}

func TestNothingIsConfigured(t *testing.T) {
	got := command(t, []string{"COLLECTOR_STATE_DIR=" + t.TempDir()}, "", "run")
	if got.code != exitUsage || !strings.Contains(got.stderr, "alpemix.accounts: is empty, and no reseller account is configured") {
		t.Errorf("%+v", got)
	}
}
