package simulator

import (
	"fmt"
	"io"
	"maps"
	"net/http"
)

// Answer is the answer of an API to one request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Exchange carries r over a network with the fault f to an API other than that of Alpemix, and
// returns its answer. play handles the faults of the vendor itself (IP, Expire, Block, ErrorNumber,
// Status, Page); it runs when the request has arrived. Inside a testing/synctest bubble all delays
// pass in fake time.
func Exchange(r *http.Request, f Fault, play func() Answer) (*http.Response, error) {
	if err := pause(r.Context(), f.Delay); err != nil {
		return nil, err
	}
	if f.Err != nil {
		return nil, f.Err
	}
	a := play()
	if err := pause(r.Context(), f.Lag); err != nil {
		return nil, err
	}
	if f.Lost != nil {
		return nil, f.Lost
	}
	length := int64(len(a.Body))
	if f.CutQuietly || f.KeepOpen {
		length = -1 // it would give the cut away
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)), StatusCode: a.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.Header, ContentLength: length, Request: r,
		Body: &delivery{ctx: r.Context(), text: a.Body, answer: &answer{fault: f, delivered: func(bool) {}}},
	}, nil
}

// Relay passes the result of Exchange on to the client of a server.
func Relay(w http.ResponseWriter, answer *http.Response, err error) {
	if err != nil {
		panic(http.ErrAbortHandler) // drops the connection
	}
	defer func() { _ = answer.Body.Close() }() // it cannot fail
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	if _, err := io.Copy(w, answer.Body); err != nil {
		_ = http.NewResponseController(w).Flush() // the connection ends anyway
		panic(http.ErrAbortHandler)
	}
}
