package reseller

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// clock is a vendor's time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newVendor(name string, o Options) (*Vendor, *clock) {
	c := &clock{monday}
	o.Now = c.now
	o.Record = true
	return New(name, o), c
}

// request is one of the table's.
type request struct {
	method, path string
	header       map[string]string
	body         string
}

// ask sends r without following redirects.
func ask(t *testing.T, v *Vendor, r request) (status int, header http.Header, body string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), r.method, "https://vendor.example"+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		q.Header.Set(name, value)
	}
	answer, err := v.RoundTripper().RoundTrip(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// with is r with one more header.
func (r request) with(name, value string) request {
	header := map[string]string{name: value}
	for n, v := range r.header {
		if !strings.EqualFold(n, name) {
			header[n] = v
		}
	}
	r.header = header
	return r
}

// same compares JSON texts by their content, others by the letter.
func same(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return a == b
	}
	return reflect.DeepEqual(x, y)
}

// row is a request with what has to come back; "" of body means anything.
type row struct {
	name    string
	request request
	status  int
	body    string
	changes bool
}

// play sends the rows to v in their order.
func play(t *testing.T, v *Vendor, rows []row) {
	t.Helper()
	for _, row := range rows {
		before := v.Stats()
		status, _, body := ask(t, v, row.request)
		if status != row.status || row.body != "" && !same(body, row.body) {
			t.Errorf("%s: %d %s, want %d %s", row.name, status, body, row.status, row.body)
		}
		after := v.Stats()
		if changed := after.Changes == before.Changes+1; changed != row.changes {
			t.Errorf("%s: that it changed something is %t", row.name, changed)
		}
		if entry := after.Log[len(after.Log)-1]; entry.Changed != row.changes || after.Requests[entry.Call] != before.Requests[entry.Call]+1 {
			t.Errorf("%s: counted as %+v", row.name, entry)
		}
	}
}
