package engine

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits on how much of an answer is buffered. A query that fails early then gets its own status,
// and a small answer its statistics in the headers. ClickHouse's buffer_size is 1 MiB as well.
const (
	bufferDefault = 1 << 20
	bufferWait    = 64 << 20 // for wait_end_of_query; larger answers are streamed
)

// response writes the answer of one query.
type response struct {
	w       http.ResponseWriter
	q       *request
	e       *engine
	stats   stats
	tag     string // marks the exception of a query that fails after its output has started
	held    []byte
	started bool
	out     io.Writer   // compresses for the client
	closers []io.Closer // the one nearest to the client first
	native  *transcoder
	until   time.Time         // deadline of the complete answer; zero if there is none
	waits   func(starts bool) // called before and after each write to the client
}

func newResponse(w http.ResponseWriter, q *request, e *engine) *response {
	r := &response{w: w, q: q, e: e, waits: func(bool) {}, tag: strings.ToLower(rand.Text()[:16])}
	h := w.Header()
	set(h, "X-ClickHouse-Query-Id", q.queryID)
	set(h, "X-ClickHouse-Timezone", e.zone)
	set(h, "X-ClickHouse-Server-Display-Name", "alpemix-collector")
	set(h, "X-ClickHouse-Exception-Tag", r.tag)
	if q.protocol > 0 && strings.EqualFold(q.output, "Native") {
		r.native = newTranscoder(q.protocol)
	}
	return r
}

// write handles a piece of the engine's output; p is valid only during the call.
func (r *response) write(p []byte) (err error) {
	if r.native != nil {
		if p, err = r.native.convert(p); err != nil {
			return err
		}
	}
	limit := bufferDefault
	if r.q.buffered {
		limit = bufferWait
	}
	if !r.started && len(r.held)+len(p) <= limit {
		r.held = append(r.held, p...)
		return nil
	}
	if err := r.start(true); err != nil {
		return err
	}
	return r.send(p)
}

// send writes p in pieces, each with its own deadline.
func (r *response) send(p []byte) error {
	r.waits(true)
	defer r.waits(false)
	control := http.NewResponseController(r.w)
	for len(p) > 0 {
		n := min(len(p), takePiece)
		control.SetWriteDeadline(r.deadline(time.Now()))
		if _, err := r.out.Write(p[:n]); err != nil {
			return &clientGone{err}
		}
		r.waits(true)
		p = p[n:]
	}
	return nil
}

// deadline returns the deadline of a write that starts now.
func (r *response) deadline(now time.Time) time.Time {
	piece := now.Add(takeWithin)
	if !r.until.IsZero() && r.until.Before(piece) {
		return r.until
	}
	return piece
}

// start sends the headers and the buffered output. An answer without output is not compressed.
func (r *response) start(output bool) error {
	if r.started {
		return nil
	}
	r.started = true
	h := r.w.Header()
	set(h, "X-ClickHouse-Summary", fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d",`+
		`"total_rows_to_read":"0","result_rows":"%d","result_bytes":"0","elapsed_ns":"%d"}`,
		r.stats.readRows, r.stats.readBytes, r.stats.writtenRows, r.stats.writtenBytes, r.stats.writtenRows, int64(r.stats.seconds*1e9)))
	if !r.q.query.insert {
		set(h, "X-ClickHouse-Format", r.q.output)
		h.Set("Content-Type", contentType(r.q.output))
	}
	r.out = r.w
	if r.q.encoding != "" && output {
		h.Set("Content-Encoding", r.q.encoding)
		encoder, err := encodeBody(r.out, r.q.encoding)
		if err != nil {
			return err
		}
		r.out, r.closers = encoder, append(r.closers, encoder)
	}
	if r.q.compress {
		blocks := newBlockWriter(r.out, r.q.method)
		r.out, r.closers = blocks, append(r.closers, blocks)
	}
	held := r.held
	r.held = nil
	if len(held) == 0 {
		return nil
	}
	return r.send(held)
}

// set sets a header in ClickHouse's spelling. Header.Set would write X-Clickhouse, which is the
// same to programs but not to grep.
func set(h http.Header, name, value string) { h[name] = []string{value} }

// clientGone is a failure to write to the client, as opposed to an error of the engine.
type clientGone struct{ err error }

func (c *clientGone) Error() string { return "the client disconnected: " + c.err.Error() }

// finish completes a successful answer.
func (r *response) finish() error {
	if err := r.start(len(r.held) > 0); err != nil {
		return err
	}
	return r.close()
}

func (r *response) close() error {
	for i := len(r.closers) - 1; i >= 0; i-- {
		if err := r.closers[i].Close(); err != nil {
			return err
		}
	}
	return nil
}

// fail sends an error. If output has been sent, it appends the exception in the frame of
// ClickHouse's WriteBufferFromHTTPServerResponse and breaks the connection, so that the answer does
// not look complete.
func (r *response) fail(ex *Exception) {
	text := ex.text(r.e.version)
	if !r.started {
		writeException(r.w, ex, text)
		return
	}
	const limit = 16 << 10
	text = text[:min(len(text), limit-256)]
	fmt.Fprintf(r.out, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", r.tag, text, len(text), r.tag)
	if r.close() == nil {
		http.NewResponseController(r.w).Flush()
	}
	panic(http.ErrAbortHandler)
}

func writeException(w http.ResponseWriter, ex *Exception, text string) {
	h := w.Header()
	set(h, "X-ClickHouse-Exception-Code", strconv.Itoa(ex.Code))
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	if ex.Code == codeAuthenticationFailed {
		h.Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
	}
	w.WriteHeader(ex.status())
	io.WriteString(w, text)
}

// contentType returns ClickHouse's Content-Type for an output format.
func contentType(format string) string {
	switch f := strings.ToLower(format); {
	case strings.HasPrefix(f, "json") && strings.Contains(f, "eachrow"), f == "jsonlines", f == "ndjson":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(f, "json"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(f, "tabseparated"), strings.HasPrefix(f, "tsv"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(f, "csv"):
		return "text/csv; charset=UTF-8; header=" + map[bool]string{true: "present", false: "absent"}[strings.Contains(f, "names")]
	case f == "native", f == "parquet", f == "arrow", f == "arrowstream", f == "orc", f == "avro", strings.HasPrefix(f, "rowbinary"), f == "msgpack":
		return "application/octet-stream"
	case f == "xml":
		return "application/xml; charset=UTF-8"
	}
	return "text/plain; charset=UTF-8"
}
