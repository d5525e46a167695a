package engine

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzEncoding: whatever claims to be compressed is read or refused, what we compress is read back,
// and data that was cut anywhere is not taken for complete. Half of an INSERT must not be stored.
func FuzzEncoding(f *testing.F) {
	for i := range len(encodings) + 1 {
		f.Add([]byte("SELECT 1"), i, false, 5)
		f.Add(bytes.Repeat([]byte("1,a\n"), 1000), i, true, 40)
	}
	f.Fuzz(func(t *testing.T, data []byte, way int, blocks bool, cut int) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		encoding := append(slices.Clone(encodings), "")[max(way, 0)%(len(encodings)+1)]
		if body, err := decodeBody(bytes.NewReader(data), encoding, blocks); err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(body, 8<<20)) // random data may be an error, or not
		}
		packed := pack(t, data, encoding, blocks)
		if got, err := unpack(packed, encoding, blocks); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes became %d: %v", encoding, len(data), len(got), err)
		}
		if cut = max(cut, 1); encoding == "" || cut >= len(packed) {
			return // plain text has no mark at its end; HTTP detects a cut
		}
		if got, err := unpack(packed[:cut], encoding, blocks); err == nil {
			t.Errorf("%s: %d of %d bytes pass for complete, as %d of %d", encoding, cut, len(packed), len(got), len(data))
		}
	})
}

func pack(t testing.TB, data []byte, encoding string, blocks bool) []byte {
	t.Helper()
	var packed bytes.Buffer
	outer, err := encodeBody(&packed, encoding)
	if err != nil {
		t.Fatal(err)
	}
	inner := io.WriteCloser(nopCloser{outer})
	if blocks {
		inner = newBlockWriter(outer, "LZ4")
	}
	_, err = inner.Write(data)
	if err := errors.Join(err, inner.Close(), outer.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func unpack(packed []byte, encoding string, blocks bool) ([]byte, error) {
	body, err := decodeBody(bytes.NewReader(packed), encoding, blocks)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(body)
}

// TestReadersCannotTakeMemory: a query that decompresses to 256 MB is refused after a small part of
// it.
func TestReadersCannotTakeMemory(t *testing.T) {
	const piece, pieces = 4 << 20, 64
	for _, encoding := range encodings {
		t.Run(encoding, func(t *testing.T) {
			var packed bytes.Buffer
			w, err := encodeBody(&packed, encoding)
			if err != nil {
				t.Fatal(err)
			}
			for range pieces {
				if _, err := w.Write(bytes.Repeat([]byte(" "), piece)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodPost, "/", &packed)
			r.Header.Set("Content-Encoding", encoding)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = parseRequest(r, false, "d")
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), "longer than") {
				t.Errorf("error %v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 2*maxWindow {
				t.Errorf("it used %d bytes of memory", n)
			}
		})
	}
}
