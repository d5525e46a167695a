package parser

import (
	"io"
	"strings"
	"testing"

	"alpemix-collector/internal/growth"
	"alpemix-collector/report"
)

// bodies of one shape: opening once, then the unit again and again.
var (
	openings = []string{
		`{"errornumber":0,"results":[`, `{"errornumber":0,"results":[{"a":"`, `{"errornumber":0,"results":["\0",`, `{"x":`,
	}
	units = []string{`{`, `}`, `[`, `]`, `"`, `,`, `\`, ` `, `1`, `{"a":`, `[{},`, `\"`, `],"errornumber":0`, "\xFF", "ş"}
)

// TestTimeGrowsWithTheBody, whatever the body repeats, in memory and as a stream.
func TestTimeGrowsWithTheBody(t *testing.T) {
	none := func(report.Record) error { return nil }
	split := func(body string) { // only its time counts
		_, _ = Split([]byte(body), "", none)
		_, _ = SplitStream(func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }, "", none)
	}
	for _, opening := range openings {
		for _, first := range units {
			for _, second := range append(units, "") {
				growth.Linear(t, opening+" and then "+first+second+" over and over", func(n int) string {
					return opening + strings.Repeat(first+second, n/len(first+second))
				}, split)
			}
		}
	}
}
