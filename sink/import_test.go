package sink

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"alpemix-collector/report"
)

func TestImport(t *testing.T) {
	for _, n := range []int{0, 1, blockRows, blockRows + 1, insertRows, insertRows + blockRows + 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			d := open(t)
			i := d.Writer().Import(t.Context())
			for k := range n {
				c := connection(k)
				if err := i.Add(&c); err != nil {
					t.Fatal(err)
				}
			}
			if err := i.Close(); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, d, "SELECT count(), uniqExact(raw) FROM connections"); got != fmt.Sprintf("%d\t%[1]d", n) || i.Acknowledged() != uint64(n) {
				t.Errorf("%s rows, %d acknowledged, want %d", got, i.Acknowledged(), n)
			}
		})
	}
}

func TestImportTwiceIsOnce(t *testing.T) {
	d := open(t)
	for version := range uint64(2) {
		i := d.Writer().Import(t.Context())
		for k := range 1000 {
			c := connection(k)
			c.Version += version
			if err := i.Add(&c); err != nil {
				t.Fatal(err)
			}
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, d, "SELECT count() FROM connections"); got != "1000" {
		t.Error(got)
	}
}

// Both contents lie in one part, which the engine did not merge when it wrote it.
func TestImportOfAnIdentityTwice(t *testing.T) {
	d := open(t)
	i := d.Writer().Import(t.Context())
	for _, explanation := range []string{"newer", "older"} {
		c := connection(0)
		c.Explanation = explanation
		if explanation == "older" {
			c.Version--
		}
		if err := i.Add(&c); err != nil {
			t.Fatal(err)
		}
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "SELECT groupArray(explanation) FROM connections"); got != "['newer']" {
		t.Error(got)
	}
}

func TestImportOfLongRecords(t *testing.T) {
	d := open(t)
	i := d.Writer().Import(t.Context())
	for k := range 30 {
		c := connection(k)
		c.Raw = strings.Repeat("x", 1<<20)
		if err := i.Add(&c); err != nil {
			t.Fatal(err)
		}
		if len(i.rows) > blockBytes>>20 {
			t.Fatalf("%d MB wait", len(i.rows))
		}
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "SELECT count(), sum(length(raw)) FROM connections"); got != fmt.Sprintf("30\t%d", 30<<20) {
		t.Error(got)
	}
}

func TestImportFails(t *testing.T) {
	d := open(t)
	ask(t, d, "DROP TABLE connection_rows")
	i := d.Writer().Import(t.Context())
	var err error
	for k := 0; err == nil && k < 100*blockRows; k++ {
		c := connection(k)
		err = i.Add(&c)
	}
	if Reason(err) != ReasonMissingTable {
		t.Errorf("%s: %v", Reason(err), err)
	}
	if err := i.Close(); Reason(err) != ReasonMissingTable || i.Acknowledged() != 0 {
		t.Errorf("Close: %v, %d acknowledged", err, i.Acknowledged())
	}
}

func TestImportIsBrokenOff(t *testing.T) {
	d := open(t)
	i := d.Writer().Import(t.Context())
	for k := range blockRows + 1 {
		c := connection(k)
		if err := i.Add(&c); err != nil {
			t.Fatal(err)
		}
	}
	i.Abort()
	ctx, cancel := context.WithCancel(t.Context())
	i = d.Writer().Import(ctx)
	cancel()
	var err error
	for k := 0; err == nil && k < 100*blockRows; k++ {
		c := connection(k)
		err = i.Add(&c)
	}
	if closed := i.Close(); Reason(closed) != ReasonCanceled || i.Acknowledged() != 0 {
		t.Errorf("%v, %v, %d acknowledged", err, closed, i.Acknowledged())
	}
	if err := i.Add(&report.Connection{}); Reason(err) != ReasonInvalidRow {
		t.Error(err)
	}
}
