package reseller_test

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	client "alpemix-collector/reseller/webhook"
	"alpemix-collector/vendorhttp/vendortest"
)

// receiver answers deliveries by script, through the real client.
type receiver struct {
	*client.Client
	tries []time.Time
}

func (r *receiver) Deliver(ctx context.Context, e report.Event) error {
	r.tries = append(r.tries, time.Now())
	return r.Client.Deliver(ctx, e)
}

// TestTheReceiverSaysWhenItWantsTheNextTry: by seconds or a date, with 429 and with 503, for a short and for a long time.
func TestTheReceiverSaysWhenItWantsTheNextTry(t *testing.T) {
	answer := func(status int, after string) any {
		return func(vendortest.Sent) any {
			reply := vendortest.Reply(status, "", "")
			if after != "" {
				reply.Header.Set("Retry-After", after)
			}
			return reply
		}
	}
	in := func(status int, wait time.Duration) any { // by a clock that is an hour slow
		return func(vendortest.Sent) any {
			reply := vendortest.Reply(status, "", "")
			theirs := time.Now().Add(-hour)
			reply.Header.Set("Date", theirs.UTC().Format(http.TimeFormat))
			reply.Header.Set("Retry-After", theirs.Add(wait).UTC().Format(http.TimeFormat))
			return reply
		}
	}
	done := answer(204, "")
	const second = time.Second
	for name, tt := range map[string]struct {
		answers []any
		want    []time.Duration
	}{
		"429, seconds":    {[]any{answer(429, "3"), done}, []time.Duration{0, 3 * second}},
		"429, date":       {[]any{in(429, 90*second), done}, []time.Duration{0, 90 * second}},
		"429 without":     {[]any{answer(429, ""), done}, []time.Duration{0, minute}},
		"429, long":       {[]any{answer(429, "86400"), done}, []time.Duration{0, hour}},
		"503, seconds":    {[]any{answer(503, "600"), done}, []time.Duration{0, 600 * second}},
		"503, date":       {[]any{in(503, 10*minute), done}, []time.Duration{0, 10 * minute}},
		"503, short":      {[]any{answer(503, "1"), done}, []time.Duration{0, 5 * second}},
		"503 without":     {[]any{answer(503, ""), done}, []time.Duration{0, 5 * second}},
		"429 again":       {[]any{answer(429, "1"), answer(429, "1"), answer(429, "1"), answer(429, "1"), done}, []time.Duration{0, second, 3 * second, 7 * second, 15 * second}},
		"429 in the past": {[]any{in(429, -hour), done}, []time.Duration{0, second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sender, err := client.New(client.Config{URL: secret.New("https://hooks.example/in"), Timeout: minute}, vendortest.New(t, tt.answers...))
				if err != nil {
					t.Fatal(err)
				}
				r := &receiver{Client: sender}
				o := newOffice(t, always("eu", has("eu", "a", 10, 8)))
				o.receiver = r
				o.run(2 * hour)
				var got []time.Duration
				for _, at := range r.tries {
					got = append(got, at.Sub(monday).Truncate(second))
				}
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("tried after %v, want %v", got, tt.want)
				}
			})
		})
	}
}
