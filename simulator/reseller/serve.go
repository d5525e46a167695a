package reseller

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// api is one vendor's dialect. Its methods run under the Vendor's lock.
type api interface {
	// identify says which call x is, "" for none, and whose credentials it carries, if anybody's.
	identify(x *exchange) (call string, account *Account)
	// play does what x asks for.
	play(x *exchange) reply
	// failure is the answer with the error number.
	failure(x *exchange, number int) reply
}

// exchange is one request on its way through the vendor.
type exchange struct {
	*http.Request
	body    []byte
	call    string
	account *Account
	now     time.Time
	ip      string
	changed bool
}

// reply is what the vendor says.
type reply struct {
	status      int
	contentType string
	body        []byte
	location    string
	code        int // for Stats; 0 means status
}

// notTheAPI is the code of pages.
const notTheAPI = -1

const longestRequest = 64 << 10

// page is what web servers say instead of the application behind them. It does not begin with '<', as such pages often do not.
func page(status int, text string) reply {
	return reply{status: status, contentType: "text/html; charset=utf-8", body: []byte("\n  " + text), code: notTheAPI}
}

const missingPage = "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"

// object is a reply of JSON.
func object(status int, contentType string, content any) reply {
	body, err := json.Marshal(content)
	if err != nil {
		panic(fmt.Sprintf("an answer cannot be written: %v", err))
	}
	return reply{status: status, contentType: contentType, body: body}
}

// PlayedAt is the header that says, for tests, at what time of the world an answer was given.
const PlayedAt = "X-Played-At"

// exchange handles a request up to the first byte of its answer. An error is the connection's.
func (v *Vendor) exchange(r *http.Request) (*http.Response, error) {
	x := &exchange{Request: r, ip: v.ip(r)}
	if r.Body != nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, longestRequest))
		if err != nil {
			return nil, fmt.Errorf("reading the request: %w", err)
		}
		x.body = body
	}
	f := v.nextFault(x)
	return simulator.Exchange(r, f, func() simulator.Answer {
		a := v.handle(x, f)
		header := http.Header{PlayedAt: {x.now.UTC().Format(time.RFC3339Nano)}}
		if a.contentType != "" {
			header.Set("Content-Type", a.contentType)
		}
		if a.location != "" {
			header.Set("Location", a.location)
		}
		return simulator.Answer{Status: a.status, Header: header, Body: a.body}
	})
}

// nextFault reads x and asks what goes wrong with it.
func (v *Vendor) nextFault(x *exchange) simulator.Fault {
	v.mu.Lock()
	v.requests++
	x.now = v.now()
	x.call, x.account = v.api.identify(x)
	q := simulator.Request{N: v.requests, At: x.now, IP: x.ip, Kind: report.Kind(x.call)}
	if x.account != nil {
		q.Account = x.account.Name
	}
	hook := v.fault
	v.mu.Unlock()
	if hook == nil {
		return simulator.Fault{}
	}
	return hook(q)
}

// handle plays x, under f, and counts it.
func (v *Vendor) handle(x *exchange, f simulator.Fault) reply {
	v.mu.Lock()
	defer v.mu.Unlock()
	x.now = v.now()
	if f.IP != "" {
		x.ip = f.IP
	}
	if f.Block > 0 {
		v.blocked[x.ip] = x.now.Add(f.Block)
	}
	name := ""
	if x.account != nil {
		name = x.account.Name
	}
	if f.Expire {
		x.account = nil
	}
	a := v.answer(x, f)
	if a.code == 0 {
		a.code = a.status
	}
	v.stats.Requests[x.call]++
	v.stats.Answers[a.code]++
	if x.changed {
		v.stats.Changes++
	}
	if v.record {
		v.stats.Log = append(v.stats.Log, Entry{At: x.now, Call: x.call, Account: name, IP: x.ip, Code: a.code, Changed: x.changed})
	}
	return a
}

func (v *Vendor) answer(x *exchange, f simulator.Fault) reply {
	switch {
	case f.Page != "" || f.Status != 0:
		a := page(max(f.Status, http.StatusOK), "")
		a.body = []byte(f.Page)
		return a
	case f.ErrorNumber != 0:
		return v.api.failure(x, f.ErrorNumber)
	}
	// The way back is written as login pages have it, and CC's paths hold secrets.
	redirect := reply{contentType: "text/html", location: "/login?return=" + x.URL.EscapedPath(), code: notTheAPI}
	switch v.quirks.Instead {
	case InsteadRedirect:
		redirect.status = http.StatusFound
		return redirect
	case InsteadRepeat:
		redirect.status = http.StatusTemporaryRedirect
		return redirect
	}
	a := v.api.play(x)
	switch v.quirks.Instead {
	case InsteadPage:
		return page(http.StatusOK, simulator.MaintenancePage)
	case InsteadDebug:
		return page(http.StatusInternalServerError, fmt.Sprintf("<html><body><h1>Exception</h1><pre>%s %s\nAuthorization: %s\n\n%s</pre></body></html>\n",
			x.Method, x.URL.EscapedPath(), x.Header.Get("Authorization"), x.body))
	case InsteadNothing:
		a.body = nil
	case InsteadNull:
		a.body = []byte("null")
	case InsteadArray:
		a.body = append(append([]byte("["), a.body...), ']')
	case InsteadHalf:
		a.body = bytes.TrimSpace(a.body)
		a.body = a.body[:len(a.body)*2/3]
	}
	return a
}

func (v *Vendor) ip(r *http.Request) string {
	if v.clientIP != nil {
		return v.clientIP(r)
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return "192.0.2.10"
}

// admits reports whether the account may be used from where x comes.
func (v *Vendor) admits(x *exchange) bool {
	return !x.now.Before(v.blocked[x.ip]) && (len(x.account.AllowedIPs) == 0 || slices.Contains(x.account.AllowedIPs, x.ip))
}

// byKey is the account whose key x carries as its bearer's.
func (v *Vendor) byKey(key string) *Account {
	for i := range v.accounts {
		if key != "" && v.accounts[i].Key == key {
			return &v.accounts[i]
		}
	}
	return nil
}

func (x *exchange) bearer() string {
	scheme, key, _ := strings.Cut(x.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key
}

// media is the type of the request's body.
func (x *exchange) media() string {
	media, _, _ := mime.ParseMediaType(x.Header.Get("Content-Type"))
	return media
}

// ServeHTTP answers one request over the network.
func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := v.exchange(r)
	simulator.Relay(w, answer, err)
}

// RoundTripper is the vendor without a network, for http.Client.Transport. Inside a testing/synctest bubble all its delays
// pass in fake time.
func (v *Vendor) RoundTripper() http.RoundTripper { return direct{v} }

type direct struct{ vendor *Vendor }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }() // reading it has succeeded by then
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return d.vendor.exchange(r)
}
