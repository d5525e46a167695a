package parser

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// bodies of one shape: opening once, then the unit again and again.
var (
	openings = []string{
		`{"errornumber":0,"results":[`, `{"errornumber":0,"results":[{"a":"`, `{"errornumber":0,"results":["\0",`, `{"x":`,
	}
	units = []string{`{`, `}`, `[`, `]`, `"`, `,`, `\`, ` `, `1`, `{"a":`, `[{},`, `\"`, `],"errornumber":0`, "\xFF", "ş"}
)

// TestTimeGrowsWithTheBody: eight times the body takes about eight times as long, whatever it repeats. Quadratic time would be
// 64 times as long; the bound lies between, and only a shape that exceeds it again and again is wrong.
func TestTimeGrowsWithTheBody(t *testing.T) {
	const length, factor, bound = 32 << 10, 8, 32
	for _, opening := range openings {
		for _, first := range units {
			for _, second := range append(units, "") {
				small := []byte(opening + strings.Repeat(first+second, length/len(first+second)))
				large := []byte(opening + strings.Repeat(first+second, factor*length/len(first+second)))
				ratio := math.Inf(1)
				for try := 0; ratio > bound && try < 5; try++ {
					ratio = min(ratio, float64(elapsed(large))/float64(elapsed(small)))
				}
				if ratio > bound {
					t.Fatalf("%s and then %s over and over: %.0f times as long for %d times the body", opening, first+second, ratio, factor)
				}
			}
		}
	}
}

// elapsed is how long a body takes in memory and as a stream.
func elapsed(body []byte) time.Duration {
	started := time.Now()
	none := func(report.Record) error { return nil }
	_, _ = Split(body, "", none) // only its time counts
	_, _ = SplitStream(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }, "", none)
	return time.Since(started)
}
