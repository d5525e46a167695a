package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// handler is ClickHouse's HTTP interface over one engine.
type handler struct {
	engine   *engine
	password string // the daemon's
	slots    chan struct{}
}

// maxQueries is how many queries run at once; more wait for their turn.
const maxQueries = 16

// maxWait is how long a query waits for its turn before it is refused.
const maxWait = 30 * time.Second

func newHandler(e *engine, password string) http.Handler {
	h := &handler{engine: e, password: password, slots: make(chan struct{}, maxQueries)}
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "Ok.\n") }
	mux.HandleFunc("GET /ping", ok)
	mux.HandleFunc("GET /replicas_status", ok)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.RawQuery == "" {
			ok(w, r)
			return
		}
		h.serve(w, r)
	})
	return mux
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "the ClickHouse interface takes GET and POST", http.StatusMethodNotAllowed)
		return
	}
	daemon, err := authenticate(r, h.password)
	if err != nil {
		h.refuse(w, err)
		return
	}
	q, err := parseRequest(r, h.engine.database)
	if err != nil {
		h.refuse(w, err)
		return
	}
	q.daemon = daemon
	if err := h.take(r.Context()); err != nil {
		h.refuse(w, err)
		return
	}
	defer func() { <-h.slots }()
	a := newResponse(w, q, h.engine)
	err = h.run(r.Context(), q, a)
	var ex *Exception
	var gone *clientGone
	switch {
	case err == nil:
		err = a.finish()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	case errors.As(err, &gone), r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // nobody is there to read an answer
	case errors.As(err, &ex):
		a.fail(ex)
	default:
		a.fail(refuse(codeUnknownException, "%v", err))
	}
}

// take waits for one of the places for running queries.
func (h *handler) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return refuse(codeTooManyQueries, "%d queries are running; try again later", maxQueries)
	}
}

func (h *handler) run(ctx context.Context, q *request, a *response) error {
	c, err := h.engine.session(q)
	if err != nil {
		return err
	}
	defer c.close()
	if err := judge(c, q); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() {
		if err := h.engine.kill(q.id); err != nil {
			slog.Warn("embedded ClickHouse: cannot stop the query of a client that left", "err", err)
		}
	})
	defer stop()
	if q.body != nil {
		s, err := c.insert(q.query.text, q.query.format, q.body)
		a.summarize(s)
		return err
	}
	s, err := c.query(q.query.text, q.format, q.params, func(b []byte) error {
		_, err := a.Write(b)
		return err
	})
	if !a.started {
		a.summarize(s)
	}
	return err
}

func (h *handler) refuse(w http.ResponseWriter, err error) {
	var ex *Exception
	if !errors.As(err, &ex) {
		ex = refuse(codeBadArguments, "%v", err)
	}
	writeException(w, ex, fmt.Sprintf("%s (version %s (official build))\n", ex.Message, h.engine.version))
}
