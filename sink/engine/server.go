package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// Queries that run at once; more wait for their turn, for at most maxWait. Readers cannot take the daemon's places.
const (
	maxReaders = 8
	maxDaemon  = 16
	maxWait    = 30 * time.Second
)

// Time that a client may take to send a query, and to take a piece of its answer.
const (
	sendWithin = time.Minute
	takeWithin = 2 * time.Minute
)

// handler is ClickHouse's HTTP interface over one engine.
type handler struct {
	engine   *engine
	password string // the daemon's
	readers  chan struct{}
	daemon   chan struct{}
}

// newHandler answers for e. With loopback it serves requests to loopback names only: a page of a browser on this machine
// could otherwise have its own name lead here and read everything.
func newHandler(e *engine, password string, loopback bool) http.Handler {
	h := &handler{engine: e, password: password, readers: make(chan struct{}, maxReaders), daemon: make(chan struct{}, maxDaemon)}
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "Ok.\n") }
	mux.HandleFunc("GET /ping", ok)
	mux.HandleFunc("GET /replicas_status", ok)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			ok(w, r)
			return
		}
		h.serve(w, r)
	})
	mux.HandleFunc("POST /{$}", h.serve)
	// Pages of other origins may not POST here; what they GET they cannot read.
	checked := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if loopback && !isLoopback(r.Host) {
			http.Error(w, fmt.Sprintf("this ClickHouse engine serves localhost only, not %q", r.Host), http.StatusForbidden)
			return
		}
		checked.ServeHTTP(w, r)
	})
}

func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	daemon, err := authenticate(r, h.password)
	if err != nil {
		h.refuse(w, err)
		return
	}
	deadline := http.NewResponseController(w)
	deadline.SetReadDeadline(time.Now().Add(sendWithin))
	q, err := parseRequest(r, daemon, h.engine.database)
	if err == nil {
		err = q.settle(h.engine)
	}
	if err != nil {
		h.refuse(w, err)
		return
	}
	deadline.SetReadDeadline(time.Time{})
	release, err := h.take(r.Context(), daemon)
	if err != nil {
		h.refuse(w, err)
		return
	}
	defer release()
	a := newResponse(w, q, h.engine)
	err = h.run(r.Context(), q, a)
	var gone *clientGone
	if errors.As(err, &gone) || r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // nobody is there to read an answer
	}
	if err == nil {
		err = a.finish()
	}
	if err != nil {
		a.fail(asException(err))
	}
}

// take waits for one of the places for running queries and returns what gives it back.
func (h *handler) take(ctx context.Context, daemon bool) (release func(), err error) {
	places := h.readers
	if daemon {
		places = h.daemon
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, refuse(codeTooManyQueries, "%d queries are running; try again later", cap(places))
	}
}

func (h *handler) run(ctx context.Context, q *request, a *response) error {
	c, err := h.engine.session(q)
	if err != nil {
		return err
	}
	defer c.close()
	if err := h.engine.judge(c, q); err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	defer context.AfterFunc(ctx, func() { h.stop(q.id, ended) })()
	if q.body != nil {
		a.stats, err = c.insert(q.query.text, q.query.format, q.params, q.body)
		return err
	}
	ask := c.query
	if streams(q.output) {
		ask = c.stream
	}
	a.stats, err = ask(q.query.text, q.format, q.params, a.write)
	return err
}

// stop kills the query of a client that left, again and again till it has ended: it may not have begun yet.
func (h *handler) stop(id string, ended <-chan struct{}) {
	for {
		if err := h.engine.kill(id); err != nil {
			slog.Warn("embedded ClickHouse: cannot stop the query of a client that left", "err", err)
		}
		select {
		case <-ended:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (h *handler) refuse(w http.ResponseWriter, err error) {
	ex := asException(err)
	writeException(w, ex, ex.text(h.engine.version))
}

func asException(err error) *Exception {
	if ex, ok := errors.AsType[*Exception](err); ok {
		return ex
	}
	return refuse(codeUnknownException, "%v", err)
}
