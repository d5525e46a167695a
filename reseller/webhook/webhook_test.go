package webhook_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/reseller/webhook"
	"alpemix-collector/simulator"
	"alpemix-collector/vendorhttp/vendortest"
)

const (
	hidden  = "T0pSecretPath"
	address = "https://ops:hunter2hunter2@hooks.example/in/" + hidden + "?sig=s1gnatur3&v=1"
)

var event = report.Event{
	At: time.Date(2026, 7, 6, 9, 0, 0, 995862527, time.UTC), Month: report.DayOf(time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)),
	Vendor: "remotepc", Account: "eu", Customer: "info@bakkal.example", MappedTo: "Bakkal", Resource: "computers", Percent: 80, Allotted: 10, Utilized: 8,
}

func newClient(t *testing.T, answer any) (*webhook.Client, *vendortest.Vendor) {
	t.Helper()
	v := vendortest.New(t, answer)
	c, err := webhook.New(webhook.Config{URL: secret.New(address), Timeout: time.Second, Version: "1.2"}, v)
	if err != nil {
		t.Fatal(err)
	}
	return c, v
}

// TestTheRequestIsAsDocumented: the page's example is what is sent for the event.
func TestTheRequestIsAsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, after, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("there is no example")
	}
	c, v := newClient(t, vendortest.Reply(204, "", ""))
	if err := c.Deliver(t.Context(), event); err != nil {
		t.Fatal(err)
	}
	sent := v.Got()[0]
	var got, want map[string]any
	if err := json.Unmarshal([]byte(sent.Body), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(example), &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nsent       %v\ndocumented %v", err, got, want)
	}
	for field := range got {
		if !strings.Contains(after, "`"+field+"`") {
			t.Errorf("%s is not documented", field)
		}
	}
	if sent.Method != http.MethodPost || sent.URL != "https://hooks.example/in/"+hidden+"?sig=s1gnatur3&v=1" {
		t.Errorf("%s %s", sent.Method, sent.URL)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Idempotency-Key": event.ID(), "Authorization": "Basic b3BzOmh1bnRlcjJodW50ZXIy", "User-Agent": "alpemix-collector/1.2",
	} {
		if got := sent.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAnEventOfACustomerWhoIsNotMapped(t *testing.T) {
	c, v := newClient(t, vendortest.Reply(200, "", ""))
	e := event
	e.MappedTo = ""
	if err := c.Deliver(t.Context(), e); err != nil || !strings.Contains(v.Got()[0].Body, `"mapped_to":null`) {
		t.Errorf("%v %s", err, v.Got()[0].Body)
	}
}

func TestWhatIsADelivery(t *testing.T) {
	redirect := vendortest.Reply(302, "", "")
	redirect.Header.Set("Location", address)
	later := vendortest.Reply(429, "", "")
	later.Header.Set("Retry-After", "600")
	for name, tc := range map[string]struct {
		answer any
		class  report.Class // empty: delivered
		reason string
	}{
		"200":              {vendortest.Reply(200, "application/json", `{"ok":true}`), "", ""},
		"202, a page":      {vendortest.Reply(202, "text/html", "<html>"), "", ""},
		"200, cut":         {vendortest.Cut(200, "text/plain", "o"), "", ""},
		"302":              {redirect, report.Permanent, "redirect"},
		"400":              {vendortest.Reply(400, "text/plain", address), report.Permanent, "http_4xx"},
		"401":              {vendortest.Reply(401, "text/plain", address), report.Permanent, "http_401"},
		"404":              {vendortest.Reply(404, "text/html", address), report.Permanent, "http_4xx"},
		"429":              {later, report.Throttle, "http_429"},
		"500":              {vendortest.Reply(500, "text/html", address), report.Transient, "http_5xx"},
		"503":              {vendortest.Reply(503, "text/html", address), report.Transient, "http_5xx"},
		"refused":          {simulator.ErrRefused, report.Transient, "connect_refused"},
		"reset":            {simulator.ErrReset, report.Transient, "connection_lost"},
		"an error of ours": {fmt.Errorf("dialing %s", address), report.Transient, "connection"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, tc.answer)
			err := c.Deliver(t.Context(), event)
			if tc.class == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := report.AsFailure(err)
			if f.Class != tc.class || f.Reason != tc.reason || !strings.HasPrefix(f.Error(), "webhook account hooks.example, request for event "+event.ID()+": ") {
				t.Errorf("%s %s: %v", f.Class, f.Reason, f)
			}
			if strings.Contains(f.Error(), "[redacted]") != (name == "an error of ours") {
				t.Errorf("more or less is redacted than has to be: %v", f)
			}
			if wait := time.Until(f.NotBefore); tc.class == report.Throttle && (wait < 9*time.Minute || wait > 11*time.Minute) {
				t.Errorf("not before %v", f.NotBefore)
			}
			for _, secret := range []string{hidden, "hunter2", "b3BzOmh1", "s1gnatur3"} {
				if text := fmt.Sprintf("%v %+v %#v %+v %#v", f, f.Err, err, c, *c); strings.Contains(text, secret) {
					t.Errorf("%s is shown: %s", secret, text)
				}
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"https://h/x": "", "http://alerts.internal:8080/x?y=z": "", "http://h": "",
		"": "not an address", "h/x": "not an address", "ftp://h/hunter2": "not an address", "https://": "not an address", "https://h:hunter2/": "not an address",
	} {
		_, err := webhook.New(webhook.Config{URL: secret.New(url)}, nil)
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), "reseller.webhook.url: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// hanging is a receiver that takes a request and says nothing.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAnAttemptEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := webhook.New(webhook.Config{URL: secret.New(address), Timeout: 7 * time.Second}, hanging{})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = c.Deliver(t.Context(), event)
		if f := report.AsFailure(err); f.Reason != "timeout" || f.Class != report.Transient || time.Since(began) != 7*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
