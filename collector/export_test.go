package collector

import (
	"testing"

	"alpemix-collector/parser"
	"alpemix-collector/report"
)

// CountParses counts the records that are decoded until the test ends.
func CountParses(t *testing.T) *int {
	n := new(int)
	parse = func(rec report.Record, src parser.Source) (report.Connection, *report.Reject) {
		*n++
		return parser.Parse(rec, src)
	}
	t.Cleanup(func() { parse = parser.Parse })
	return n
}
