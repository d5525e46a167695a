package parser

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"alpemix-collector/report"
)

// splitAll collects the records of a body in memory.
func splitAll(body []byte, contentType string) (raws []string, sum Summary, err error) {
	sum, err = Split(body, contentType, func(rec report.Record) error {
		raws = append(raws, string(rec.Raw))
		return nil
	})
	return raws, sum, err
}

// streamAll collects the records of a body that is read through a buffer which begins with size bytes.
func streamAll(body []byte, contentType string, size int) (raws []string, sum Summary, err error) {
	sum, err = splitStream(opener(body), contentType, func(rec report.Record) error {
		raws = append(raws, string(rec.Raw))
		return nil
	}, size)
	return raws, sum, err
}

// from opens r, once.
func from(r io.Reader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
}

// repeat reads head, then n times row, then tail, without ever holding them all.
func repeat(head, row, tail string, n int) io.Reader {
	readers := []io.Reader{strings.NewReader(head)}
	for range n {
		readers = append(readers, strings.NewReader(row))
	}
	return io.MultiReader(append(readers, strings.NewReader(tail))...)
}

// TestStreamMemory holds the memory of SplitStream for 64 MB of records, and for one record of 64 MB among others.
func TestStreamMemory(t *testing.T) {
	million := strings.Repeat("x", 1<<20)
	for _, tt := range []struct {
		name            string
		head, row, tail string
		records         int
		limit           uint64
	}{
		{"many records", `{"errornumber":0,"results":[{}`, strings.Repeat(`,{"dt":"1:2:3 4\5\2024"}`, 1<<20/25), `]}`, 1 + 64*(1<<20/25), 1 << 20},
		{"space", `{"errornumber":0,"results":[{"ip":1}`, strings.Repeat(" ", 1<<20), `]}`, 1, 1 << 20},
		{"a large one", `{"errornumber":0,"results":[{},{"exp":"`, million, `"},{"uid":"2"}]}`, 3, 8 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := repeat(tt.head, tt.row, tt.tail, 64)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			sum, err := SplitStream(from(body), "", func(report.Record) error { return nil })
			runtime.ReadMemStats(&after)
			if err != nil || sum.Records != tt.records {
				t.Errorf("%+v, %v, want %d records", sum, err, tt.records)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > tt.limit {
				t.Errorf("%d bytes allocated in all", n)
			}
		})
	}
}

func TestStreamErrors(t *testing.T) {
	broken := errors.New("zstd: checksum mismatch")
	const start = `{"errornumber":0,"results":[{"uid":"1"},{"uid":"2"`
	body := io.MultiReader(strings.NewReader(start), iotest.ErrReader(broken))
	records := 0
	_, err := SplitStream(from(body), "", func(report.Record) error { records++; return nil })
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Truncated || e.Offset != int64(len(start)) || !errors.Is(err, broken) || records != 1 {
		t.Errorf("%d records, %v", records, err)
	}

	_, err = SplitStream(from(stuck{}), "", nil)
	if !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

// stuck is a reader that never says anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
