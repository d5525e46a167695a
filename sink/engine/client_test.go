package engine

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func options(addr, dir string, method clickhouse.CompressionMethod) *clickhouse.Options {
	o := &clickhouse.Options{Protocol: clickhouse.HTTP, Addr: []string{addr}, Auth: clickhouse.Auth{Database: "alpemix", Username: daemonUser},
		TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return Transport(dir), nil }}
	if method != clickhouse.CompressionNone {
		o.Compression = &clickhouse.Compression{Method: method, Level: 3}
	}
	return o
}

func connect(t testing.TB, addr, dir string, method clickhouse.CompressionMethod) driver.Conn {
	t.Helper()
	c, err := clickhouse.Open(options(addr, dir, method))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// row has every column type that the collector's tables use.
type row struct {
	S  string    `ch:"s"`
	L  string    `ch:"l"`
	T  time.Time `ch:"t"`
	U8 uint64    `ch:"u8"`
	U4 uint32    `ch:"u4"`
	U1 uint8     `ch:"u1"`
	D  time.Time `ch:"d"`
	E  string    `ch:"e"`
	F  float64   `ch:"f"`
	N  *string   `ch:"n"`
	A  []string  `ch:"a"`
}

const rowColumns = `(s String, l LowCardinality(String), t DateTime('UTC'), u8 UInt64, u4 UInt32, u1 UInt8, d Date,
	e Enum8('support' = 1, 'unknown' = 0), f Float64, n Nullable(String), a Array(String)) ENGINE = MergeTree ORDER BY u8`

func sampleRow(i int) row {
	r := row{
		S: fmt.Sprintf("satır %d \x00 `'\\", i), L: fmt.Sprintf("label %d", i%7), T: time.Unix(1_700_000_000+int64(i), 0).UTC(),
		U8: uint64(i) + 1<<60, U4: uint32(i), U1: uint8(i), D: time.Date(2026, 1, 1+i%28, 0, 0, 0, 0, time.UTC),
		E: []string{"support", "unknown"}[i%2], F: float64(i) / 3, A: []string{},
	}
	if i%3 == 0 {
		r.N = &r.L
		r.A = []string{"a", r.L}
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	addr, dir := sharedEngine(t)
	for _, method := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD, clickhouse.CompressionGZIP, clickhouse.CompressionDeflate, clickhouse.CompressionBrotli} {
		t.Run(method.String(), func(t *testing.T) {
			ctx := context.Background()
			c := connect(t, addr, dir, method)
			table := "round_" + method.String()
			if err := c.Exec(ctx, "CREATE OR REPLACE TABLE "+table+" "+rowColumns); err != nil {
				t.Fatal(err)
			}
			b, err := c.PrepareBatch(ctx, "INSERT INTO "+table)
			if err != nil {
				t.Fatal(err)
			}
			var want []row
			for i := range 1000 {
				want = append(want, sampleRow(i))
				if err := b.AppendStruct(&want[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.Send(); err != nil {
				t.Fatal(err)
			}
			var got []row
			if err := c.Select(ctx, &got, "SELECT * FROM "+table+" ORDER BY u8"); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDatabaseSQL(t *testing.T) {
	addr, dir := sharedEngine(t)
	db := clickhouse.OpenDB(options(addr, dir, clickhouse.CompressionLZ4))
	defer db.Close()
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE OR REPLACE TABLE std (a UInt64, s String) ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	st, err := tx.Prepare("INSERT INTO std (a, s)")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if _, err := st.Exec(uint64(i), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var n, sum uint64
	if err := db.QueryRow("SELECT count(), sum(a) FROM std WHERE s != {not:String}", sql.Named("not", "9")).Scan(&n, &sum); err != nil {
		t.Fatal(err)
	}
	if n != 9 || sum != 36 {
		t.Errorf("count %d sum %d, want 9 and 36", n, sum)
	}
}

// TestInsertSettings checks that settings of an INSERT apply to it alone, and that data arrives
// however it is sent.
func TestInsertSettings(t *testing.T) {
	addr, dir := sharedEngine(t)
	c := connect(t, addr, dir, clickhouse.CompressionNone)
	if err := c.Exec(t.Context(), "CREATE OR REPLACE TABLE once (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"); err != nil {
		t.Fatal(err)
	}
	insert := func(token string, values ...uint64) {
		t.Helper()
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{
			"insert_deduplication_token": token, "async_insert": 1, "wait_for_async_insert": 0, "max_partitions_per_insert_block": 1000,
		}))
		b, err := c.PrepareBatch(ctx, "INSERT INTO once (a)")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if err := b.Append(v); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.Send(); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n uint64) {
		t.Helper()
		if err := c.QueryRow(t.Context(), "SELECT count() FROM once").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	insert("one", 1, 2)
	insert("one", 1, 2)
	if n := count(); n != 2 {
		t.Errorf("the same token twice: %d rows, want 2", n)
	}
	insert("two", 1, 2)
	if n := count(); n != 4 {
		t.Errorf("another token: %d rows, want 4, at once", n)
	}
}

// TestInsertFails checks that an INSERT that cannot be stored returns ClickHouse's error number.
func TestInsertFails(t *testing.T) {
	addr, dir := sharedEngine(t)
	c := connect(t, addr, dir, clickhouse.CompressionLZ4)
	if err := c.Exec(t.Context(), "CREATE OR REPLACE TABLE parts (a UInt64, b String) ENGINE = MergeTree PARTITION BY a ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	b, err := c.PrepareBatch(t.Context(), "INSERT INTO parts")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if err := b.Append(uint64(i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if ex, ok := errors.AsType[*clickhouse.Exception](b.Send()); !ok || ex.Code != 252 {
		t.Errorf("200 partitions in one block: %v, want code 252", ex)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithColumnNamesAndTypes([]clickhouse.ColumnNameAndType{{Name: "nope", Type: "UInt8"}}))
	if b, err = c.PrepareBatch(ctx, "INSERT INTO parts (nope)"); err != nil {
		t.Fatal(err)
	}
	if err := b.Append(uint8(1)); err != nil {
		t.Fatal(err)
	}
	if ex, ok := errors.AsType[*clickhouse.Exception](b.Send()); !ok || ex.Code != 16 {
		t.Errorf("unknown column: %v, want code 16", ex)
	}
}

// TestBrokenInsert cuts the data of an INSERT at several places, in every encoding. Nothing may be
// stored, because a retry with the same token would be dropped.
func TestBrokenInsert(t *testing.T) {
	addr, dir := sharedEngine(t)
	c := connect(t, addr, dir, clickhouse.CompressionNone)
	if err := c.Exec(t.Context(), "CREATE OR REPLACE TABLE broken (a UInt64) ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for i := range 1000 {
		fmt.Fprintln(&rows, i*7919)
	}
	for _, encoding := range []string{"", "gzip", "deflate", "br", "zstd", "lz4", "blocks"} {
		var body bytes.Buffer
		params := "query=INSERT+INTO+broken+FORMAT+CSV"
		if encoding == "blocks" {
			params += "&decompress=1"
			for i := range 2 { // two blocks, so that one may be complete
				w := newBlockWriter(&body, "LZ4")
				io.WriteString(w, rows.String()[i*rows.Len()/2:(i+1)*rows.Len()/2])
				w.Close()
			}
		} else {
			w, err := encodeBody(&body, encoding)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, rows.String())
			w.Close()
		}
		for _, keep := range []int{0, 1, 10, 25, body.Len() / 2, body.Len()/2 + 25, body.Len() - 1} {
			for _, chunked := range []bool{true, false} {
				conn, err := Transport(dir).DialContext(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(conn, "POST /?%s HTTP/1.1\r\nHost: localhost\r\nX-ClickHouse-User: %s\r\n", params, daemonUser)
				if encoding != "" && encoding != "blocks" {
					fmt.Fprintf(conn, "Content-Encoding: %s\r\n", encoding)
				}
				if chunked {
					fmt.Fprintf(conn, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", keep+1, append([]byte(nil), body.Bytes()[:keep]...))
				} else {
					fmt.Fprintf(conn, "Content-Length: %d\r\n\r\n%s", body.Len(), body.Bytes()[:keep])
				}
				conn.(*net.UnixConn).CloseWrite()
				answer, _ := io.ReadAll(conn)
				conn.Close()
				if strings.Contains(string(answer), " 200 ") {
					t.Errorf("%q, %d of %d bytes: acknowledged", encoding, keep, body.Len())
				}
			}
			// The stream ends properly, but its content does not.
			if encoding != "" && keep > 0 {
				r := asDaemon(t, newRequest(t, http.MethodPost, addr, params, body.String()[:keep]))
				if encoding != "blocks" {
					r.Header.Set("Content-Encoding", encoding)
				}
				if a := send(t, r); a.status == 200 && !(encoding == "blocks" && keep == body.Len()/2) {
					t.Errorf("%q cut to %d of %d bytes was acknowledged", encoding, keep, body.Len())
				}
			}
		}
		var n uint64
		if err := c.QueryRow(t.Context(), "SELECT count() FROM broken").Scan(&n); err != nil || n != 0 {
			t.Fatalf("%q: %d rows were stored: %v", encoding, n, err)
		}
		r := asDaemon(t, newRequest(t, http.MethodPost, addr, params, body.String()))
		if encoding != "blocks" {
			r.Header.Set("Content-Encoding", encoding)
		}
		if a := send(t, r); a.status != 200 {
			t.Errorf("%q: complete data is refused: %s", encoding, a.body)
		}
		if err := c.Exec(t.Context(), "TRUNCATE TABLE broken"); err != nil {
			t.Fatal(err)
		}
	}
}
