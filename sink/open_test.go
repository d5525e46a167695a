package sink

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"alpemix-collector/migrations"
)

func TestOpen(t *testing.T) {
	for _, tc := range []struct {
		cfg               Config
		address, database string
		native            bool
		compressed        bool
		err               string
	}{
		{cfg: Config{DSN: "clickhouse://u:secret@db:9000/reports", Database: "alpemix"}, address: "db:9000", database: "reports", native: true, compressed: true},
		{cfg: Config{DSN: "clickhouse://db:9000", Database: "alpemix"}, address: "db:9000", database: "alpemix", native: true, compressed: true},
		{cfg: Config{DSN: "http://localhost:8123/", Database: "alpemix"}, address: "localhost:8123", database: "alpemix"},
		{cfg: Config{DSN: "http://[::1]:8123/alpemix"}, address: "[::1]:8123", database: "alpemix"},
		{cfg: Config{DSN: "https://db:8443/alpemix"}, address: "db:8443", database: "alpemix", compressed: true},
		{cfg: Config{DSN: "https://db:8443/alpemix?secure=true&skip_verify=true"}, address: "db:8443", database: "alpemix", compressed: true},
		{cfg: Config{DSN: "postgres://u:secret@db/alpemix"}, err: "clickhouse.dsn: must be embedded, or begin with clickhouse://, http:// or https://"},
		{cfg: Config{DSN: ""}, err: "clickhouse.dsn: must be embedded, or begin with"},
		{cfg: Config{DSN: "clickhouse://u:secret@/alpemix"}, err: "clickhouse.dsn: "},
		{cfg: Config{DSN: "clickhouse://u:secret@db:port/alpemix"}, err: "clickhouse.dsn: "},
		{cfg: Config{DSN: "https://u:sec%ret@db/alpemix"}, err: "clickhouse.dsn: "},
		{cfg: Config{DSN: "clickhouse://db/alpemix?dial_timeout=soon"}, err: "clickhouse.dsn: "},
		{cfg: Config{DSN: "clickhouse://db/my-db"}, err: `clickhouse: database "my-db": the name must be`},
		{cfg: Config{DSN: "clickhouse://db"}, err: `clickhouse: database "": the name must be`},
	} {
		d, err := Open(tc.cfg)
		if tc.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), tc.err) || strings.Contains(err.Error(), "sec") && strings.Contains(err.Error(), "ret@") {
				t.Errorf("%+v: %v", tc.cfg, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.cfg.DSN, err)
			continue
		}
		if d.Address() != tc.address || d.Database() != tc.database || d.native != tc.native {
			t.Errorf("%s: %s %s native %v", tc.cfg.DSN, d.Address(), d.Database(), d.native)
		}
		options, err := parseDSN(tc.cfg.DSN)
		if err != nil {
			t.Fatal(err)
		}
		if compressed := !isLoopback(options.Addr); compressed != tc.compressed {
			t.Errorf("%s: compressed %v", tc.cfg.DSN, compressed)
		}
		if strings.HasPrefix(tc.cfg.DSN, "https") && options.TLS == nil {
			t.Errorf("%s: no TLS", tc.cfg.DSN)
		}
		d.Close()
	}
}

func TestStatusPingAndRetention(t *testing.T) {
	d := open(t)
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	status, err := d.Status(t.Context())
	if err != nil || status.Check() != nil {
		t.Errorf("%+v %v", status, err)
	}
	if steps, err := d.Plan(t.Context()); err != nil || len(steps) != 0 {
		t.Errorf("%v %v", steps, err)
	}
	if ran, err := d.ApplyRetention(t.Context(), migrations.Retention{Fetches: 400 * 24 * 3600e9}); err != nil || len(ran) != 1 {
		t.Errorf("%v %v", ran, err)
	}
	ask(t, d, "INSERT INTO schema_version SELECT 99, now()")
	status, err = d.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := errors.AsType[*migrations.NewerError](status.Check()); !ok {
		t.Errorf("%+v %v", status, status.Check())
	}
}

func TestQuery(t *testing.T) {
	d := open(t)
	for _, tc := range []struct{ statement, format, want string }{
		{"SELECT 1 AS a, 'x' AS b", "", "a"},
		{"SELECT 1 AS a, 'x,y' AS b", "CSVWithNames", "\"a\",\"b\"\n1,\"x,y\"\n"},
		{"SELECT 1 AS a FORMAT JSONEachRow", "CSV", "{\"a\":1}\n"},
		{"select 1 as a\nformat CSV ;\n", "", "1\n"},
		{"SELECT 'FORMAT CSV'", "TSV", "FORMAT CSV\n"},
		{"SELECT 2;", "TSV", "2\n"},
		{"CREATE TABLE made (a UInt8) ENGINE = Memory", "TSV", ""},
		{"SELECT count() FROM connections", "TSV", "0\n"},
	} {
		var out bytes.Buffer
		err := d.Query(t.Context(), tc.statement, tc.format, &out)
		if err != nil || !strings.Contains(out.String(), tc.want) {
			t.Errorf("%s as %s: %q, %v", tc.statement, tc.format, out.String(), err)
		}
	}
	var out bytes.Buffer
	for _, wrong := range []string{"SELEC 1", "SELECT x FROM nothing", "SELECT throwIf(number = 1000000) FROM numbers(2000000)"} {
		if err := d.Query(t.Context(), wrong, "TSV", &out); err == nil || !strings.HasPrefix(err.Error(), "ClickHouse at "+d.Address()) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func TestCloseThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan struct{})
		if err := closeWithin(closeFor, func() error { <-never; return nil }); err != nil {
			t.Error(err)
		}
		close(never)
		if err := closeWithin(closeFor, func() error { return io.EOF }); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}
