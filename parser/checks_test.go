package parser

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime/metrics"
	"slices"
	"strings"

	"alpemix-collector/report"

	"pgregory.net/rapid"
)

// checkMemory: memory stays in proportion to the body.
func checkMemory(t rapid.TB, body []byte, contentType string) {
	asked := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	least := uint64(math.MaxUint64)
	for range 3 { // the least counts, because it is the whole process that is measured
		metrics.Read(asked)
		before := asked[0].Value.Uint64()
		_, _ = Split(body, contentType, func(report.Record) error { return nil }) // what it returns is judged elsewhere
		metrics.Read(asked)
		if least = min(least, asked[0].Value.Uint64()-before); least < uint64(16*(len(body)+len(contentType))+1<<16) {
			return
		}
	}
	t.Errorf("%d bytes of memory for a body of %d", least, len(body))
}

var anyWord = regexp.MustCompile(`[\pL\pN]+`)

// checkError: a bounded reason, and nothing of the body but words of the protocol.
func checkError(t rapid.TB, err error) {
	e, ok := errors.AsType[*Error](err)
	if !ok || !slices.Contains(ErrorReasons, e.Reason) || e.Offset < 0 {
		t.Fatalf("error %v", err)
	}
	for _, word := range anyWord.FindAllString(e.Seen, -1) {
		if !plainWords[strings.ToLower(word)] && strings.Trim(word, "0") != "" {
			t.Errorf("%v shows %q", err, word)
		}
	}
}

// ragged gives its text in pieces of any length, sometimes of none, and the last of them with io.EOF or before it.
type ragged struct {
	rest []byte
	rng  *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	n := copy(p, r.rest[:min(len(r.rest), r.rng.IntN(1<<r.rng.IntN(10)))])
	r.rest = r.rest[n:]
	if len(r.rest) == 0 && r.rng.IntN(2) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// checkStreams: whatever the buffer and the pieces in which a body arrives, it is the body that it is in memory.
func checkStreams(t rapid.TB, body []byte, contentType string, raws []string, sum Summary, err error) {
	rng := rand.New(rand.NewPCG(Hash(body), uint64(len(contentType))))
	for _, size := range []int{1, 1 + rng.IntN(len(body)+8), len(body)} {
		var streamed []string
		got, gotErr := splitStream(from(&ragged{body, rng}), contentType, func(rec report.Record) error {
			streamed = append(streamed, string(rec.Raw))
			return nil
		}, size)
		if !slices.Equal(raws, streamed) || !maps.Equal(got.Quirks, sum.Quirks) || got.Records != sum.Records || got.ErrorNumber != sum.ErrorNumber {
			t.Errorf("from %d bytes %q, %+v, in memory %q, %+v", size, streamed, got, raws, sum)
		}
		if (err == nil) != (gotErr == nil) || err != nil && err.Error() != gotErr.Error() {
			t.Errorf("from %d bytes %v, in memory %v", size, gotErr, err)
		}
	}
}

// checkCuts: between two records of a body lies nothing but commas and space, or the envelope.
func checkCuts(t rapid.TB, body []byte) {
	end := -1
	_, _ = Split(body, "", func(rec report.Record) error {
		start := cap(body) - cap(rec.Raw) // the record is a part of the body
		if !bytes.Equal(body[start:start+len(rec.Raw)], rec.Raw) || len(rec.Raw) == 0 {
			t.Fatalf("%q is no part of the text", rec.Raw)
		}
		if end >= 0 {
			if gap := bytes.TrimLeft(body[end:start], ", \t\r\n"); len(gap) > 0 && gap[0] != ']' {
				t.Errorf("%q was left out", gap)
			}
		}
		end = start + len(rec.Raw)
		return nil
	})
}

// checkStrictly compares a body in UTF-8 with the result of a strict decoder.
func checkStrictly(t rapid.TB, body []byte, contentType string) {
	var raws []string
	m := strict
	if writtenLiterally(body) {
		m = literal
	}
	sum, err := Split(body, contentType, func(rec report.Record) error {
		raws = append(raws, string(strictly(rec.Raw, m)))
		return nil
	})
	want, ok := strictReport(strictly(body, m))
	if !ok || m == literal && undecided.Match(body) {
		return
	}
	reason := ""
	if e, ok := errors.AsType[*Error](err); ok {
		reason = e.Reason
	}
	if !slices.Equal(raws, want.records) || reason != want.reason || sum.ErrorNumber != want.number {
		t.Errorf("got %q, error number %d, %v; a strict decoder %q, %d, %q", raws, sum.ErrorNumber, err, want.records, want.number, want.reason)
	}
}
