package config

import (
	"strings"
	"testing"
)

func TestListenAddressesOverlap(t *testing.T) {
	for _, c := range []struct {
		page, engine string
		want         bool
	}{
		{"127.0.0.1:8123", "127.0.0.1:8123", true},
		{"localhost:8123", "127.0.0.1:8123", true},
		{"LocalHost:8123", "[::1]:8123", true},
		{"127.0.0.1:8123", "localhost:8123", true},
		{"0.0.0.0:8123", "127.0.0.1:8123", true},
		{"0.0.0.0:8123", "[::1]:8123", true},
		{"[::]:8123", "127.0.0.1:8123", true},
		{":8123", "localhost:8123", true},
		{"[::ffff:127.0.0.1]:8123", "127.0.0.1:8123", true},
		{"127.0.0.1:08123", "127.0.0.1:8123", true},
		{"[0:0::1]:8123", "[::1]:8123", true},
		{"127.0.0.1:8123", "[::1]:8123", false},
		{"127.0.0.2:8123", "127.0.0.1:8123", false},
		{"localhost:8123", "127.0.0.2:8123", false},
		{"192.0.2.1:8123", "127.0.0.1:8123", false},
		{"collector.example:8123", "127.0.0.1:8123", false},
		{"0.0.0.0:9187", "127.0.0.1:8123", false},
		{"127.0.0.1:0", "127.0.0.1:8123", false},
	} {
		_, err := Load("", []string{"COLLECTOR_HTTP_LISTEN=" + c.page, "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + c.engine})
		want := "COLLECTOR_HTTP_LISTEN: http.listen " + c.page + " overlaps clickhouse.embedded.listen " + c.engine +
			"; give one of them another port"
		if c.want && (err == nil || !strings.HasSuffix(err.Error(), want)) || !c.want && err != nil {
			t.Errorf("%s and %s: %v", c.page, c.engine, err)
		}
	}
	// Port 0 leaves both open, and without the embedded engine its address means nothing.
	if overlap("127.0.0.1:0", "127.0.0.1:0") {
		t.Error("port 0 overlaps")
	}
	server := []string{"COLLECTOR_HTTP_LISTEN=127.0.0.1:8123", "COLLECTOR_CLICKHOUSE_DSN=http://h:8123/d"}
	if _, err := Load("", server); err != nil {
		t.Error(err)
	}
}
