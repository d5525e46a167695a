package collector_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// later is a Fetcher that comes to be after the store.
type later struct{ collector.Fetcher }

const echoedKey = "S3cret-Key/4711+abc"

// echoing is a vendor whose records repeat what the request for the token and the one for the report
// held. Every answer brings another token.
type echoing struct {
	tokens int
	refuse bool // the next report
}

var tuesday = monday.Add(24 * time.Hour)

func (v *echoing) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	body := `{"errornumber":203}`
	if asked := string(sent); strings.Contains(asked, `"stepnumber":1`) {
		v.tokens++
		body = fmt.Sprintf(`{"errornumber":0,"accesstoken":"tok-%04d-abcdefgh"}`, v.tokens)
	} else if yesterday := strings.Contains(asked, `"requestnumber":2`); !v.refuse && yesterday == time.Now().Before(tuesday) {
		body = `{"errornumber":0,"results":[]}`
	} else if !v.refuse {
		_, token, _ := strings.Cut(asked, `"accesstoken":"`)
		token = token[:strings.IndexByte(token, '"')]
		good := row("1", "10:00:00", "used "+token+" and "+echoedKey[:9]+"\n"+echoedKey[9:])
		bad := strings.Replace(row("2", "25:00:00", "key="+strings.ReplaceAll(echoedKey, "/", `\/`)), `"supnum":""`, `"supnum":"`+token+`"`, 1)
		body = fmt.Sprintf(`{"errornumber":0,"results":[%s,%s]}`, good, bad)
	}
	v.refuse = false
	return &http.Response{StatusCode: 200, ContentLength: int64(len(body)), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// What a record repeats of the credentials is stored nowhere; that it is left out neither makes the
// record a new one at each poll, nor keeps its day from being sealed.
func TestEchoedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, monday.Add(12*time.Hour), simulator.Options{})
		f := &later{}
		c, store := d.open(func(a *collector.Account) { a.Fetcher = f })
		defer store.Close()
		v := &echoing{}
		client, err := alpemix.New(alpemix.Config{
			Account: "main", Endpoint: "https://www.alpemix.com:5900/api", MainUsername: "acme", SecretKey: echoedKey,
			Limits: alpemix.Limits{Scope: "ip"},
		}, store, v)
		if err != nil {
			t.Fatal(err)
		}
		f.Fetcher = client
		for i := range 4 {
			v.refuse = i%2 == 1
			if err := c.Once(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i%2) * 15 * time.Hour)
		}
		rows, n := d.ch.connections("main")
		if n != 1 || rows["1"].Explanation != "used [redacted] and [redacted]" || d.ch.writes != 1 || len(d.ch.rejects) != 1 {
			t.Errorf("%d rows in %d writes, %d rejects, %q", n, d.ch.writes, len(d.ch.rejects), rows["1"].Explanation)
		}
		stored := fmt.Sprintf("%+v %+v", d.ch.rows, d.ch.rejects)
		for _, secret := range []string{"tok-", "S3cret", "4711+abc"} {
			if strings.Contains(stored, secret) {
				t.Errorf("%s is stored: %s", secret, stored)
			}
		}
		if got := d.ch.days[report.DayOf(monday)]; v.tokens < 3 || got.State != report.DaySealed || got.Rows != 1 {
			t.Errorf("%d tokens, Monday is %+v", v.tokens, got)
		}
	})
}
