package sink

import (
	"strings"
	"testing"

	"alpemix-collector/sink/enginetest"
)

func TestSelect(t *testing.T) {
	d, err := Open(Config{DSN: enginetest.Shared(t).DSN("default")})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var rows []struct {
		Name string   `ch:"name"`
		Half *float64 `ch:"half"`
	}
	err = d.Select(t.Context(), &rows, "SELECT {name:String} AS name, if(number = 0, NULL, number / {by:UInt8}) AS half FROM numbers(2)",
		map[string]string{"name": `it's "ş"`, "by": "2"})
	if err != nil || len(rows) != 2 || rows[0].Name != `it's "ş"` || rows[0].Half != nil || *rows[1].Half != 0.5 {
		t.Errorf("%v %+v", err, rows)
	}
}

// TestSelectIsBriefAboutNobody: who reads the error on a page has no use for the address of the query.
func TestSelectIsBriefAboutNobody(t *testing.T) {
	d, err := Open(Config{DSN: "http://someone:secret@127.0.0.1:1/default"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var rows []struct{}
	err = d.Select(t.Context(), &rows, "SELECT 1", nil)
	if err == nil || !strings.HasPrefix(err.Error(), "ClickHouse at 127.0.0.1:1: dial tcp ") || strings.Contains(err.Error(), "someone") {
		t.Error(err)
	}
}
