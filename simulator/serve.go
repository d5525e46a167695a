package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"alpemix-collector/report"
)

// answer is the vendor's answer to one request.
type answer struct {
	status      int
	contentType string
	write       func(io.Writer) error
	delivered   func(whole bool) // to be called when the caller has read all that arrived
	fault       Fault
}

// exchange handles a request up to the first byte of its answer. An error is the connection's.
func (v *Vendor) exchange(r *http.Request) (*answer, error) {
	c, err := v.understand(r)
	if err != nil {
		return nil, err
	}
	f := v.nextFault(&c.Request)
	if !f.Only.include(c.Kind) {
		f = Fault{}
	}
	if err := pause(r.Context(), f.Delay); err != nil {
		return nil, err
	}
	if f.Err != nil {
		return nil, f.Err
	}
	if f.IP != "" {
		c.IP = f.IP
	}
	now := v.now()
	a := v.reply(now, &c, v.decide(now, &c, f), f)
	if err := pause(r.Context(), f.Lag); err != nil {
		return nil, err
	}
	if f.Lost != nil {
		return nil, f.Lost
	}
	return a, nil
}

func (v *Vendor) nextFault(q *Request) Fault {
	v.mu.Lock()
	v.requests++
	q.N = v.requests
	hook := v.fault
	v.mu.Unlock()
	if hook == nil {
		return Fault{}
	}
	return hook(*q)
}

// reply returns the answer with the given error number.
func (v *Vendor) reply(now time.Time, c *call, code int, f Fault) *answer {
	q, index := v.quirksOf(c.Account)
	a := &answer{status: http.StatusOK, contentType: q.contentType(), delivered: func(bool) {}, fault: f}
	say := func(text string) {
		if q.Charset == UTF8BOM && code != notTheAPI {
			text = "\ufeff" + text
		}
		a.write = func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	switch {
	case code == notTheAPI:
		a.status = f.Status
		if f.Page == "" && f.Status == 0 {
			a.status = http.StatusNotFound
		}
		if a.status == 0 {
			a.status = http.StatusOK
		}
		if !json.Valid([]byte(f.Page)) {
			a.contentType = "text/html; charset=utf-8"
		}
		say(f.Page)
	case code != 0:
		if q.ErrorStatus != 0 {
			a.status = q.ErrorStatus
		}
		say(fmt.Sprintf(`{ "errornumber": %d }`, code))
	case c.Kind == report.Token:
		say(fmt.Sprintf("{\n\"errornumber\": 0,\n\"accesstoken\": \"%s\"\n}\n", v.issue(now, c)))
	default:
		v.report(a, now, c, q, index, f.Rows)
	}
	return a
}

// report answers a report request with the state at now, however late it is read.
func (v *Vendor) report(a *answer, now time.Time, c *call, q Quirks, index, rows int) {
	date := q.today(now)
	if c.Kind == report.Yesterday {
		date--
	}
	last, at := c.Last, now
	switch {
	case rows < 0:
		at = time.Time{} // before the first session
	case rows > 0 && (last == 0 || rows < last):
		last = rows
	}
	var list []sighting
	a.write = func(w io.Writer) error {
		list = list[:0]
		_, err := v.world.write(w, c.Account, date, at, last, q, func(d *deskDay, i int) {
			if v.record || v.onReply != nil {
				list = append(list, sighting{d, i})
			}
		})
		return err
	}
	a.delivered = func(whole bool) {
		if whole && v.record {
			v.remember(c.Account, list, now, index)
		}
		if v.onReply != nil {
			v.onReply(Reply{Account: c.Account, Kind: c.Kind, Day: date, At: now, Whole: whole, Short: rows != 0, quirks: q, sightings: list})
		}
	}
}

// ServeHTTP answers one request over the network.
func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, err := v.exchange(r)
	if err != nil {
		panic(http.ErrAbortHandler) // drops the connection
	}
	w.Header().Set("Content-Type", a.contentType)
	w.WriteHeader(a.status)
	err = a.write(&faulty{ctx: r.Context(), to: w, f: a.fault})
	switch {
	case err == nil:
		a.delivered(true)
		if a.fault.KeepOpen {
			_ = http.NewResponseController(w).Flush() // the client is about to leave
			<-r.Context().Done()
		}
	case errors.Is(err, errCut) && a.fault.CutQuietly:
		a.delivered(false)
	default:
		a.delivered(false)
		_ = http.NewResponseController(w).Flush() // the connection ends anyway
		panic(http.ErrAbortHandler)
	}
}

// faulty is the network between the vendor and the caller: it cuts or stalls a body.
type faulty struct {
	ctx  context.Context
	to   io.Writer
	f    Fault
	done int
}

func (w *faulty) Write(p []byte) (int, error) {
	if left := w.f.Cut - w.done; w.f.Cut > 0 && left >= 0 && len(p) > left {
		n, err := w.to.Write(p[:left])
		w.done += n
		if err != nil {
			return n, err
		}
		if w.f.Stall == 0 {
			return n, errCut
		}
		if err := pause(w.ctx, w.f.Stall); err != nil {
			return n, err
		}
		m, err := w.to.Write(p[left:])
		w.done += m
		return n + m, err
	}
	n, err := w.to.Write(p)
	w.done += n
	return n, err
}

// Serve lets vendor answer on l until ctx is done, then ends within three seconds and returns nil.
func Serve(ctx context.Context, l net.Listener, vendor http.Handler) error {
	server := &http.Server{Handler: vendor, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // nothing is left to do about it
		}
	})
	err := server.Serve(l)
	if !stop() {
		<-ended
	}
	if ctx.Err() != nil && errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("the simulator at %s stopped: %w", l.Addr(), err)
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
	a, err := d.vendor.exchange(r)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if err := a.write(&body); err != nil {
		return nil, err
	}
	length := int64(body.Len())
	if a.fault.KeepOpen {
		length = -1
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {a.contentType}},
		Body:          &delivery{ctx: r.Context(), text: body.Bytes(), answer: a},
		ContentLength: length, Request: r,
	}, nil
}

// delivery is a body on its way: it cuts, stalls, and reports when all of it has arrived.
type delivery struct {
	ctx    context.Context
	text   []byte
	at     int
	answer *answer
	over   bool
}

func (b *delivery) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	f := &b.answer.fault
	end := len(b.text)
	if f.Cut > 0 && f.Cut < end && b.at <= f.Cut {
		end = f.Cut
	}
	if b.at == end && end < len(b.text) {
		switch {
		case f.Stall > 0:
			if err := pause(b.ctx, f.Stall); err != nil {
				return 0, err
			}
			end = len(b.text)
		case f.CutQuietly:
			return 0, io.EOF
		default:
			return 0, io.ErrUnexpectedEOF
		}
	}
	if f.KeepOpen && b.over {
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}
	n := copy(p, b.text[b.at:end])
	b.at += n
	if b.at < len(b.text) {
		return n, nil
	}
	b.end(true)
	if f.KeepOpen {
		return n, nil
	}
	return n, io.EOF
}

func (b *delivery) Close() error {
	b.end(false)
	return nil
}

func (b *delivery) end(whole bool) {
	if !b.over {
		b.over = true
		b.answer.delivered(whole)
	}
}
