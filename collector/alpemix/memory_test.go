package alpemix_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// generated is an answer with records up to a size; with junk, bytes without an end follow instead.
type generated struct {
	size, given int64
	junk        byte
	n           int
	rest        []byte
}

func (g *generated) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		if g.given >= g.size && g.junk == 0 {
			return 0, io.EOF
		}
		g.next()
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	g.given += int64(n)
	return n, nil
}

func (g *generated) next() {
	if g.given >= g.size {
		g.rest = bytes.Repeat([]byte{g.junk}, 64<<10)
		return
	}
	var b bytes.Buffer
	if g.n == 0 {
		b.WriteString(`{"errornumber":0,"results":[`)
	}
	for ; b.Len() < 64<<10; g.n++ {
		if g.n > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"uid":"%d","dt":"23:38:18 22\\08\\2024","dur:":30,"dir":0,"exp":"%s","supnum":"4711"}`, g.n, strings.Repeat("a", 300))
	}
	if g.given+int64(b.Len()) >= g.size && g.junk == 0 {
		b.WriteString(`]}`)
	}
	g.rest = b.Bytes()
}

func (g *generated) Close() error { return nil }

// The most memory that a process has needed which read one answer and cut it into records.
var peaks = map[string]struct {
	body   generated
	most   int64 // of Config
	reason string
	peak   int // kB
}{
	"512 MiB":                        {generated{size: 512 << 20}, 0, "", 200_000},
	"records without an end":         {generated{size: 1 << 40}, 96 << 20, "body_too_large", 150_000},
	"space without an end":           {generated{size: 1 << 20, junk: ' '}, 96 << 20, "body_too_large", 150_000},
	"a text that never ends":         {generated{size: 1, junk: 'x'}, 96 << 20, "body_too_large", 150_000},
	"brackets that are never closed": {generated{size: 1, junk: '['}, 96 << 20, "body_too_large", 150_000},
}

const peakOf = "ALPEMIX_TEST_PEAK"

func TestMemoryOfLargeAnswers(t *testing.T) {
	if name := os.Getenv(peakOf); name != "" {
		readLarge(t, name)
		return
	}
	if testing.Short() {
		t.Skip("the race detector, with which short tests run, takes memory of its own")
	}
	for name, tt := range peaks {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0], "-test.run=^TestMemoryOfLargeAnswers$")
			child.Env = append(os.Environ(), peakOf+"="+name)
			out, err := child.CombinedOutput()
			_, after, found := strings.Cut(string(out), "VmHWM:")
			var peak int
			if _, scanned := fmt.Sscan(after, &peak); err != nil || !found || scanned != nil {
				t.Fatalf("%v: %s", err, out)
			}
			t.Logf("%d kB", peak)
			if peak > tt.peak {
				t.Errorf("it took %d kB", peak)
			}
		})
	}
}

func readLarge(t *testing.T, name string) {
	tt := peaks[name]
	_, _, s := newClient(t)
	cfg := config()
	cfg.Spill, cfg.MaxBody = t.TempDir(), tt.most
	c := mustNew(t, cfg, s, &vendor{t: t, answers: []any{tokenAnswer(first), &http.Response{
		StatusCode: 200, ContentLength: -1, Header: http.Header{}, Body: &tt.body,
	}}})
	body, err := c.Fetch(t.Context(), today)
	if reason := report.AsFailure(orNone(err)).Reason; reason != tt.reason {
		t.Fatal(err)
	}
	sum, err := parser.SplitStream(body.Content.Open, "", func(report.Record) error { return nil })
	if tt.reason == "" && (err != nil || sum.Records != tt.body.n) {
		t.Errorf("%d of %d records, %v", sum.Records, tt.body.n, err)
	}
	if err := body.Content.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(cfg.Spill); err != nil || len(left) > 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	fmt.Println(string(status))
}
