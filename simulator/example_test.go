package simulator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// Inside a bubble the vendor's clock, its delays and the desk's whole day are fake time: this test sees the morning of a
// Monday in milliseconds.
func TestExampleInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := simulator.New(simulator.Options{
			World:    &simulator.World{Seed: 1, PerWorkday: 300},
			Accounts: []simulator.Account{{Name: "main", Username: "acme", SecretKey: "s3cr3t"}},
			Quirks:   simulator.Quirks{RawBackslashes: true, RawControls: true},
			Record:   true,
		})
		client := &http.Client{Transport: vendor.RoundTripper()}

		// A bubble begins on 2000-01-01; go to a Monday.
		time.Sleep(time.Until(time.Date(2026, 7, 6, 11, 0, 0, 0, simulator.Istanbul)))
		post(t, client, fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":1}`, newToken(t, client, "acme", "s3cr3t")))

		shown := vendor.Shown("main")
		truth := vendor.Truth("main", report.DayOf(time.Now().In(simulator.Istanbul)), report.DayOf(time.Now().In(simulator.Istanbul)), time.Now())
		if len(shown) < 80 || len(shown) != len(truth) {
			t.Errorf("by 11:00, %d connections were shown and %d true", len(shown), len(truth))
		}
		if s := vendor.Stats(); len(s.Violations) != 0 || s.Peak["report"] != 1 {
			t.Errorf("limits: %+v", s)
		}
	})
}

func post(t *testing.T, client *http.Client, body string) string {
	t.Helper()
	r, err := client.Post("https://vendor.example:5900/api", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func newToken(t *testing.T, client *http.Client, user, secret string) string {
	t.Helper()
	var answer struct{ AccessToken string }
	if err := json.Unmarshal([]byte(post(t, client, fmt.Sprintf(`{"stepnumber":1,"secretkey":%q,"mainusername":%q}`, secret, user))), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no token: %+v, %v", answer, err)
	}
	return answer.AccessToken
}
