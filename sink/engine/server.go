package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"alpemix-collector/internal/clients"
)

// Time limits: for a client to send a query, for a client to receive a piece of its answer, and for
// a reader's complete request including the answer.
const (
	sendWithin  = time.Minute
	takeWithin  = 30 * time.Second
	takePiece   = 1 << 20
	readerTotal = (maxSeconds + 60) * time.Second
)

// stuckAfter is the number of attempts to kill a reader's query after which the process exits. The
// parent restarts it, which takes a second; otherwise the query's place would be lost for good.
const (
	killEvery  = 100 * time.Millisecond
	stuckAfter = 600
)

// handler is ClickHouse's HTTP interface to one engine.
type handler struct {
	engine  *engine
	readers *places
	daemon  *places
	memory  *memoryWatch
}

func newHandler(e *engine) *handler {
	return &handler{
		engine: e, readers: newPlaces(maxReaders, maxPerClient), daemon: newPlaces(maxDaemon, maxDaemon),
		memory: newMemoryWatch(e.memory),
	}
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, owner bool) {
	daemon, err := authenticate(r, owner)
	if err != nil {
		h.refuse(w, err)
		return
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(sendWithin))
	q, err := parseRequest(r, daemon, h.engine.database)
	if err == nil {
		err = q.resolveFormat(h.engine)
	}
	if err != nil {
		h.refuse(w, err)
		return
	}
	control.SetReadDeadline(time.Time{})
	ctx, lane := r.Context(), h.daemon
	if !daemon {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, readerTotal)
		defer cancel()
		lane = h.readers
	}
	place, err := lane.take(ctx, clients.Of(r), control)
	if err != nil {
		h.refuse(w, err)
		return
	}
	defer lane.release(place)
	a := newResponse(w, q, h.engine)
	a.until, _ = ctx.Deadline()
	a.waits = func(starts bool) { lane.writing(place, starts) }
	if !daemon {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		defer h.memory.add(func(why error) {
			cancel(why)
			lane.dropWrite(place)
		})()
	}
	err = h.run(ctx, q, a)
	if context.Cause(ctx) == error(errMemory) && r.Context().Err() == nil {
		a.fail(errMemory)
		return
	}
	var gone *clientGone
	if errors.As(err, &gone) || ctx.Err() != nil {
		panic(http.ErrAbortHandler) // no client is left to read an answer
	}
	if err == nil {
		err = a.finish()
	}
	if err != nil {
		a.fail(asException(err))
	}
}

func (h *handler) run(ctx context.Context, q *request, a *response) error {
	ended := make(chan struct{})
	defer close(ended)
	defer context.AfterFunc(ctx, func() { h.stop(q, ended) })()
	c, err := h.engine.session(q)
	if err != nil {
		return err
	}
	defer c.close()
	if err := h.engine.judge(c, q); err != nil {
		return err
	}
	if q.body != nil {
		a.stats, err = c.insert(q.query.text, q.query.format, q.params, q.body)
		return err
	}
	ask := c.query
	if streams(q.output) {
		ask = c.stream
	}
	a.stats, err = ask(q.query.text, q.format, q.params, func(b []byte) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return a.write(b)
	})
	return err
}

// stop kills a query whose client disconnected or whose time is up. It repeats that until the query
// has ended, because it may not have started yet.
func (h *handler) stop(q *request, ended <-chan struct{}) {
	for tries := 0; ; tries++ {
		if err := h.engine.kill(q.id); err != nil {
			slog.Warn("embedded ClickHouse: cannot stop the query of a client that disconnected", "err", err)
		}
		if tries >= stuckAfter && !q.daemon {
			slog.Error("embedded ClickHouse: a reader's query cannot be stopped; restarting the engine", "query", q.queryID)
			os.Exit(1) // acknowledged rows are on disk
		}
		select {
		case <-ended:
			return
		case <-time.After(killEvery):
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
