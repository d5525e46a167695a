package alpemix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
)

// memory is a Ledger that allows everything and remembers the token.
type memory struct{ token string }

func (m *memory) Reserve(string, string, int, time.Duration, time.Time) (uint64, time.Time, error) {
	return 1, time.Time{}, nil
}
func (m *memory) Settle(string, uint64, bool, time.Time)                      {}
func (m *memory) Exhaust(string, string, int, time.Time) error                { return nil }
func (m *memory) Remaining(string, string, int, time.Duration, time.Time) int { return 1 }
func (m *memory) Block(string) (time.Time, time.Duration)                     { return time.Time{}, 0 }
func (m *memory) SetBlock(string, time.Time, time.Duration) error             { return nil }
func (m *memory) Token(string, string) (string, time.Time)                    { return m.token, time.Now() }
func (m *memory) SetToken(_, _, value string, _ time.Time) error              { m.token = value; return nil }

// once answers the first request with its answer and all others with error 103.
type once struct{ answer *http.Response }

func (o *once) RoundTrip(*http.Request) (*http.Response, error) {
	if a := o.answer; a != nil {
		o.answer = nil
		return a, nil
	}
	return reply(200, "application/json", number(103)), nil
}

// echoes are the ways in which a page may repeat a secret of the request.
var echoes = []func(string) string{
	func(s string) string { return s }, url.QueryEscape, url.PathEscape, html.EscapeString,
	func(s string) string { b, _ := json.Marshal(s); return string(b) },
	func(s string) string { return strings.ReplaceAll(strconv.QuoteToASCII(s), "/", `\/`) },
}

// encodings are the ways in which an answer may be written.
var encodings = []func(string) []byte{
	func(s string) []byte { return []byte(s) },
	func(s string) []byte { return utf16(s, unicode.LittleEndian, unicode.UseBOM) },
	func(s string) []byte { return utf16(s, unicode.BigEndian, unicode.UseBOM) },
	func(s string) []byte { return utf16(s, unicode.LittleEndian, unicode.IgnoreBOM) },
	func(s string) []byte { return utf16(s, unicode.BigEndian, unicode.IgnoreBOM) },
}

func utf16(s string, order unicode.Endianness, mark unicode.BOMPolicy) []byte {
	b, err := unicode.UTF16(order, mark).NewEncoder().Bytes([]byte(s))
	if err != nil {
		panic(err)
	}
	return b
}

var (
	classes = []report.Class{report.Transient, report.Permanent, report.Renew, report.Throttle, report.Blocked, report.Local}
	reasons = regexp.MustCompile(`^[a-z][a-z0-9_]{2,30}$`)
)

// FuzzAnswer: of any answer to a request for a token or a report, in any encoding, cut anywhere, with a secret repeated in it
// anywhere. An error number that is not 0 is never overlooked, a report is never refused, every failure is of a known class,
// and no error shows more than a few letters of a secret.
func FuzzAnswer(f *testing.F) {
	for i, body := range []string{
		`{"errornumber":0,"results":[` + record + `]}`, `{"results":[` + record + `],"errornumber":103}`, `{"errornumber":0,"accesstoken":"abc"}`,
		`{"meta":{"a":[1]},"errornumber":202}`, `{"results":[{}],"errornumber":"205","x":1}`, `{"error\u006eumber":2.04e2}`, `{"errornumber":99999999999}`,
		"\xef\xbb\xbf{\"ErrorNumber\":103}", "<html>", "", "[]", `{"a`, "<" + strings.Repeat(" ", 4070) + "x", `{"accesstoken":{"a":"b"},"errornumber":0}`,
	} {
		f.Add([]byte(body), 200, "application/json", "", i, -1, i, i%2 == 0)
		f.Add([]byte(body), []int{301, 401, 407, 429, 500, 204}[i%6], "text/html", "30", 100*i, i, i/2, i%2 == 1)
	}
	f.Fuzz(func(t *testing.T, text []byte, status int, contentType, header string, at, cut, way int, forToken bool) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		const token = "Tök/en+&'7f3a9c\"<>21" // like secret, it looks different in every echo
		secrets := []string{secret}
		if !forToken {
			secrets = append(secrets, token)
		}
		echo := echoes[abs(way)%len(echoes)](secrets[abs(way)/len(echoes)%len(secrets)])
		echoed := append(slices.Clone(text), echo...)
		if at = abs(at); at < len(text) {
			echoed = slices.Insert(slices.Clone(text), at, []byte(echo)...)
		}
		echoed = append(echoed, strings.Repeat(" ", 10)...)
		for _, body := range [][]byte{text, echoed} {
			encoded := body
			if utf8.Valid(body) {
				encoded = encodings[abs(way)%len(encodings)](string(body))
			}
			resp := &http.Response{
				StatusCode: status, ContentLength: -1, Body: io.NopCloser(bytes.NewReader(encoded)),
				Header: http.Header{"Content-Type": {contentType}, "Retry-After": {header}, "Location": {header + echo}},
			}
			broken := cut >= 0 && cut < len(encoded)
			if broken {
				resp.Body = io.NopCloser(&cutReader{bytes.NewReader(encoded[:cut]), io.ErrUnexpectedEOF})
			}
			ledger := &memory{token: token}
			if forToken {
				ledger.token = ""
			}
			c, err := alpemix.New(config(), ledger, &once{resp})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Fetch(t.Context(), today)
			checkFailure(t, err, secrets)
			checkFirst(t, got.Requests[0], answered{body, status, broken, forToken}, ledger)
		}
	})
}

func abs(n int) int { return max(n, -max(n, math.MinInt+1)) }

func checkFailure(t *testing.T, err error, secrets []string) {
	if err == nil {
		return
	}
	f, ok := err.(*report.Failure)
	if !ok || !slices.Contains(classes, f.Class) || !reasons.MatchString(f.Reason) || !strings.HasPrefix(f.Error(), "alpemix account main, request for ") {
		t.Fatalf("%#v", err)
	}
	if (f.Class == report.Throttle || f.Class == report.Blocked) && !f.NotBefore.After(time.Now()) {
		t.Errorf("%v may be tried again at once", f)
	}
	if text := fmt.Sprintf("%v %+v", err, err); len(text) > 4000 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n") {
		t.Errorf("the error is no short line: %q", text)
	}
	const shown = 6 // letters
	for _, s := range secrets {
		for _, echo := range echoes {
			for form := echo(s); len(form) > shown; form = form[1:] {
				if part := form[:shown+1]; strings.Contains(err.Error(), part) {
					t.Fatalf("%q is in %v", part, err)
				}
			}
		}
	}
}

// answered is what came first.
type answered struct {
	body             []byte
	status           int
	broken, forToken bool
}

// checkFirst compares the result of the first answer with what a strict decoder reads in it.
func checkFirst(t *testing.T, got report.Fetch, a answered, ledger *memory) {
	members, ok := topLevel(a.body)
	if !ok || a.broken {
		return
	}
	if n, ok := members.number(); ok {
		if n != 0 && (got.Code != int(n) || got.Outcome == "ok") {
			t.Errorf("error number %v was taken for %+v", n, got)
		} else if n == 0 && got.Code != 0 {
			t.Errorf("no error was taken for %+v", got)
		} else if n != 0 {
			return
		}
	} else if _, there := members["errornumber"]; there || a.status < 200 || a.status > 299 {
		return
	}
	if a.status < 200 || a.status > 299 {
		return
	}
	if _, numbered := members.number(); !a.forToken && numbered && len(members) == 1 && got.Outcome != "ok" {
		t.Errorf("an empty day was refused: %+v", got)
	}
	var token string
	if err := json.Unmarshal(members["accesstoken"], &token); a.forToken && err == nil && token != "" && ledger.token != token {
		t.Errorf("token %q was read as %q", token, ledger.token)
	}
}

type members map[string]json.RawMessage

// topLevel are the members of a JSON object by their names in lower case; false for other texts, and where a name comes twice.
func topLevel(body []byte) (members, bool) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') || !utf8.Valid(body) || !json.Valid(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))) {
		return nil, false
	}
	found := members{}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		name := strings.ToLower(key.(string))
		if _, twice := found[name]; twice {
			return nil, false
		}
		found[name] = value
	}
	return found, true
}

var decimal = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$`)

// exponent is one that takes no number of 32 bits to another.
var exponent = regexp.MustCompile(`[eE][-+]?0*[1-9]\d{2}`)

// number is the error number, which may be a text. What is no whole number of 32 bits is none.
func (m members) number() (n float64, ok bool) {
	var s string
	if json.Unmarshal(m["errornumber"], &s) != nil {
		s = string(m["errornumber"])
	}
	if s = strings.Trim(s, " "); !decimal.MatchString(s) {
		return 0, false
	}
	r, ok := new(big.Rat).SetString(s)
	if exponent.MatchString(s) || !ok || !r.IsInt() || new(big.Int).Abs(r.Num()).Cmp(big.NewInt(math.MaxInt32)) > 0 {
		return 0, false
	}
	n, _ = r.Float64()
	return n, true
}
