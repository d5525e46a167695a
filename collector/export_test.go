package collector

import (
	"testing"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// ReplaceParse decodes records with f until the test ends.
func ReplaceParse(t *testing.T, f func(report.Record, parser.Source) (report.Connection, *report.Reject)) {
	parse = f
	t.Cleanup(func() { parse = parser.Parse })
}

// CountParses counts the records that are decoded until the test ends.
func CountParses(t *testing.T) *int {
	n := new(int)
	ReplaceParse(t, func(rec report.Record, src parser.Source) (report.Connection, *report.Reject) {
		*n++
		return parser.Parse(rec, src)
	})
	return n
}
