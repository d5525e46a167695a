package alpemix_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

const fullDay = `{"errornumber":0,"results":[` + record + `]}`

// A complete document counts whatever the transport says of its end.
func TestAnImperfectTransport(t *testing.T) {
	chunk := func(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }
	const chunked = "Transfer-Encoding: chunked\r\n\r\n"
	for _, tt := range []struct {
		name, token, day string // behind the status line
		quirk            bool
		reason           string
	}{
		{"perfect", chunked + chunk(tokenAnswer(first)) + "0\r\n\r\n", chunked + chunk(fullDay) + "0\r\n\r\n", false, ""},
		{"Content-Length too large", "Content-Length: 999\r\n\r\n" + tokenAnswer(first), "Content-Length: 999\r\n\r\n" + fullDay, true, ""},
		{"last chunk missing", chunked + chunk(tokenAnswer(first)), chunked + chunk(fullDay), true, ""},
		{"cut in a chunk", chunked + chunk(tokenAnswer(first)), chunked + "fff\r\n" + fullDay, true, ""},
		{"broken chunk behind it", chunked + chunk(tokenAnswer(first)) + "zz\r\n", chunked + chunk(fullDay) + "zz\r\n", true, ""},
		{"zeros", "\r\n" + tokenAnswer(first) + "\x00\x00", "Content-Length: 999\r\n\r\n" + fullDay + strings.Repeat("\x00", 99), true, ""},
		{"no length", "\r\n" + tokenAnswer(first) + " // ok", "\r\n" + fullDay + "\n<!-- 3 ms -->", false, ""},
		{"an empty day", chunked + chunk(tokenAnswer(first)), "Content-Length: 999\r\n\r\n" + emptyDay, true, ""},
		{"not complete", chunked + chunk(tokenAnswer(first)) + "0\r\n\r\n", "Content-Length: 999\r\n\r\n" + fullDay[:len(fullDay)-1], false, "body_cut"},
		{"Content-Length in characters", "\r\n" + tokenAnswer(first), fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(fullDay)-3, fullDay), false, "truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config()
			cfg.Endpoint = "http://" + scripted(t, tt.token, tt.day)
			_, _, s := newClient(t)
			body, err := mustNew(t, cfg, s, nil).Fetch(t.Context(), today)
			if reason := ""; err != nil {
				reason = report.AsFailure(err).Reason
				if reason != tt.reason {
					t.Fatal(err)
				}
			} else if tt.reason != "" {
				t.Fatal("no error")
			}
			if tt.name == "Content-Length in characters" && !strings.Contains(err.Error(), "characters there instead of bytes") {
				t.Error(err)
			}
			if (body.Quirks[parser.QuirkTransport] > 0) != tt.quirk || !strings.HasPrefix(textOf(t, body), `{"errornumber":0,"results":[`) {
				t.Errorf("quirks %v, body %q", body.Quirks, textOf(t, body))
			}
		})
	}
}

// scripted answers one request a connection and closes it.
func scripted(t *testing.T, answers ...string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for _, answer := range answers {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 4096)
			for got := ""; !strings.Contains(got, "}"); {
				n, err := conn.Read(request)
				if err != nil {
					break
				}
				got += string(request[:n])
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"+answer)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// open gives pieces of an answer, each after a while, and then nothing until the request is given up.
type open struct {
	ctx    context.Context
	every  time.Duration
	pieces []string
}

func (o *open) Read(p []byte) (int, error) {
	wait := time.After(o.every)
	if len(o.pieces) == 0 {
		wait = nil
	}
	select {
	case <-o.ctx.Done():
		return 0, o.ctx.Err()
	case <-wait:
	}
	n := copy(p, o.pieces[0])
	if o.pieces[0] = o.pieces[0][n:]; o.pieces[0] == "" {
		o.pieces = o.pieces[1:]
	}
	return n, nil
}

func (o *open) Close() error { return nil }

// A connection that stays open behind a complete answer holds the lane for a second or so.
func TestAConnectionLeftOpen(t *testing.T) {
	half := len(fullDay) / 2
	for _, tt := range []struct {
		name   string
		every  time.Duration
		pieces []string
		within time.Duration
		reason string
	}{
		{"at once", 0, []string{fullDay}, 2 * time.Second, ""},
		{"empty day", 0, []string{emptyDay}, 2 * time.Second, ""},
		{"slow", 10 * time.Second, []string{fullDay[:half], fullDay[half:]}, 60 * time.Second, ""},
		{"silent in between", 100 * time.Second, []string{fullDay[:half], fullDay[half:]}, 5 * time.Minute, ""},
		{"a record is missing", 0, []string{fullDay[:half]}, 5 * time.Minute, "body_cut"},
		{"a text that ends in a backslash", 0, []string{`{"results":[{"uid":"1","exp":"C:\"},{"uid":"2","exp":"}]}"}],"errornumber":0}`}, 2 * time.Second, ""},
		{"zeros without an end", time.Millisecond, append([]string{fullDay}, strings.Split(strings.Repeat(strings.Repeat("\x00", 4096)+"|", 100_000), "|")...), time.Second, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, _ := newClient(t, tokenAnswer(first), func(s sent) any {
					return &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{}, Body: &open{s.req.Context(), tt.every, tt.pieces}}
				})
				began := time.Now()
				body, err := c.Fetch(t.Context(), today)
				if took := time.Since(began); took > tt.within {
					t.Errorf("it took %v", took)
				}
				if reason := report.AsFailure(orNone(err)).Reason; reason != tt.reason || err == nil && body.Quirks[parser.QuirkTransport] != 1 {
					t.Errorf("%v, quirks %v", err, body.Quirks)
				}
			})
		})
	}
}

func orNone(err error) error {
	if err == nil {
		return &report.Failure{Err: io.EOF}
	}
	return err
}
