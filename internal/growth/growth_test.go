package growth

import (
	"strings"
	"testing"
)

// judge records whether Linear fails the test.
type judge struct {
	testing.TB
	failed bool
}

func (j *judge) Helper()               {}
func (j *judge) Errorf(string, ...any) { j.failed = true }

func TestLinear(t *testing.T) {
	input := func(n int) string { return strings.Repeat("x", n) }
	var sink int
	linear := func(s string) {
		for range 200 {
			sink += strings.Count(s, "y")
		}
	}
	quadratic := func(s string) {
		for i := 0; i < len(s); i += 32 {
			sink += strings.Count(s, "y")
		}
	}
	for name, c := range map[string]struct {
		work func(string)
		want bool
	}{"linear": {linear, false}, "quadratic": {quadratic, true}} {
		j := &judge{TB: t}
		if Linear(j, name, input, c.work); j.failed != c.want {
			t.Errorf("%s work is refused: %t, want %t", name, j.failed, c.want)
		}
	}
}
