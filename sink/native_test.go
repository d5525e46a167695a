package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	chgo "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

// nativeRevision is the protocol that nativeFront speaks: the newest that clickhouse-go knows.
const nativeRevision = proto.DBMS_TCP_PROTOCOL_VERSION

// nativeFront speaks ClickHouse's native TCP protocol before the real engine, which has none: what arrives natively is run
// over HTTP. It returns its address.
func nativeFront(t *testing.T, engine *enginetest.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				f := front{conn: conn, in: chgo.NewReader(conn)}
				if err := f.serve(engine); err != nil && !errors.Is(err, io.EOF) {
					fmt.Println("native front:", err)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

type front struct {
	conn    net.Conn
	in      *chgo.Reader
	out     chgo.Buffer
	backend driver.Conn
}

func (f *front) flush() error {
	_, err := f.conn.Write(f.out.Buf)
	f.out.Reset()
	return err
}

func (f *front) serve(engine *enginetest.Server) error {
	var hello chgo.ClientHello
	if _, err := f.in.UVarInt(); err != nil {
		return err
	}
	if err := hello.Decode(f.in); err != nil {
		return err
	}
	options, err := clickhouse.ParseDSN("http://" + engine.Addr + "/" + hello.Database)
	if err != nil {
		return err
	}
	options.Auth.Username, options.Auth.Password = hello.User, hello.Password
	if f.backend, err = clickhouse.Open(options); err != nil {
		return err
	}
	defer f.backend.Close()
	if err := f.backend.Ping(context.Background()); err != nil {
		return f.exception(err)
	}
	server := chgo.ServerHello{Name: "ClickHouse", Major: 26, Minor: 7, Revision: nativeRevision, Timezone: "UTC", DisplayName: "front"}
	server.EncodeAware(&f.out, nativeRevision)
	if err := f.flush(); err != nil {
		return err
	}
	if _, err := f.in.Str(); err != nil { // the addendum: a quota key
		return err
	}
	for {
		code, err := f.in.UVarInt()
		if err != nil {
			return err
		}
		switch chgo.ClientCode(code) {
		case chgo.ClientCodePing:
			chgo.ServerCodePong.Encode(&f.out)
			err = f.flush()
		case chgo.ClientCodeQuery:
			err = f.query()
		default:
			err = fmt.Errorf("packet %d", code)
		}
		if err != nil {
			return err
		}
	}
}

var insertInto = regexp.MustCompile(`^INSERT INTO (\S+) \(([^)]*)\)`)

func (f *front) query() error {
	var q chgo.Query
	if err := q.DecodeAware(f.in, nativeRevision); err != nil {
		return err
	}
	if _, err := f.data(); err != nil { // external tables: none
		return err
	}
	settings, parameters := clickhouse.Settings{}, clickhouse.Parameters{}
	for _, s := range q.Settings {
		settings[s.Key] = s.Value
	}
	for _, p := range q.Parameters {
		parameters[p.Key] = strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(strings.Trim(p.Value, "'"))
	}
	ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(settings), clickhouse.WithParameters(parameters))
	var err error
	if into := insertInto.FindStringSubmatch(q.Body); into != nil && !strings.Contains(q.Body, "SELECT") {
		err = f.insert(ctx, into[0], into[1], into[2])
	} else {
		err = f.answer(ctx, q.Body)
	}
	if ex := new(clickhouse.Exception); errors.As(err, &ex) {
		return f.exception(err)
	} else if err != nil {
		return err
	}
	chgo.ServerCodeEndOfStream.Encode(&f.out)
	return f.flush()
}

// insert sends the table's columns to the client and forwards its blocks.
func (f *front) insert(ctx context.Context, statement, table, columns string) error {
	sample := newBlock()
	for name := range strings.SplitSeq(columns, ", ") {
		var columnType string
		if err := f.backend.QueryRow(context.Background(), "SELECT type FROM system.columns WHERE database || '.' || table = ? AND name = ?", table, name).Scan(&columnType); err != nil {
			return &clickhouse.Exception{Code: 60, Message: table + "." + name + " is not there"}
		}
		if err := sample.AddColumn(name, chcolumn.Type(columnType)); err != nil {
			return err
		}
	}
	if err := f.send(sample); err != nil {
		return err
	}
	var body chgo.Buffer
	for {
		code, err := f.in.UVarInt()
		if err != nil {
			return err
		}
		if chgo.ClientCode(code) != chgo.ClientCodeData {
			return fmt.Errorf("packet %d within an insert", code)
		}
		block, err := f.block()
		if err != nil {
			return err
		}
		if block.Rows() == 0 {
			return f.backend.InsertFormat(ctx, "Native", statement, bytes.NewReader(body.Buf))
		}
		if err := block.Encode(&body, 0); err != nil {
			return err
		}
	}
}

func (f *front) answer(ctx context.Context, query string) error {
	stream, err := f.backend.QueryFormat(ctx, "Native", query)
	if err != nil {
		return err
	}
	defer stream.Close()
	in := chgo.NewReader(stream)
	for blocks := 0; ; blocks++ {
		block := newBlock()
		if err := block.Decode(in, clickhouse.ClientTCPProtocolVersion); errors.Is(err, io.EOF) {
			if blocks == 0 && strings.HasPrefix(query, "SELECT") {
				return f.header(ctx, query)
			}
			return nil
		} else if err != nil {
			return err
		}
		if err := f.send(block); err != nil {
			return err
		}
	}
}

// header is the block without rows that begins every answer of a real server.
func (f *front) header(ctx context.Context, query string) error {
	rows, err := f.backend.Query(ctx, "DESCRIBE TABLE ("+query+")")
	if err != nil {
		return err
	}
	defer rows.Close()
	block := newBlock()
	for rows.Next() {
		var name, columnType, rest string
		if err := rows.Scan(&name, &columnType, &rest, &rest, &rest, &rest, &rest); err != nil {
			return err
		}
		if err := block.AddColumn(name, chcolumn.Type(columnType)); err != nil {
			return err
		}
	}
	return f.send(block)
}

func newBlock() *proto.Block {
	b := proto.NewBlock()
	b.ServerContext = &chcolumn.ServerContext{Timezone: time.UTC}
	return b
}

func (f *front) send(b *proto.Block) error {
	chgo.ServerCodeData.Encode(&f.out)
	f.out.PutString("")
	if b.Rows() > 0 {
		if err := b.Encode(&f.out, nativeRevision); err != nil {
			return err
		}
		return f.flush()
	}
	if err := b.EncodeHeader(&f.out, nativeRevision); err != nil { // without rows a column is its name and type only
		return err
	}
	for _, c := range b.Columns {
		f.out.PutString(c.Name())
		f.out.PutString(string(c.Type()))
		f.out.PutBool(false)
	}
	return f.flush()
}

func (f *front) data() (*proto.Block, error) {
	if _, err := f.in.UVarInt(); err != nil {
		return nil, err
	}
	return f.block()
}

func (f *front) block() (*proto.Block, error) {
	if _, err := f.in.Str(); err != nil {
		return nil, err
	}
	b := newBlock()
	return b, b.Decode(f.in, nativeRevision)
}

func (f *front) exception(err error) error {
	text := chgo.Exception{Code: 1000, Name: "DB::Exception", Message: err.Error()}
	if ex, ok := errors.AsType[*clickhouse.Exception](err); ok {
		text.Code, text.Message = chgo.Error(ex.Code), ex.Message
	}
	chgo.ServerCodeException.Encode(&f.out)
	text.EncodeAware(&f.out, nativeRevision)
	return f.flush()
}

func TestNativeProtocol(t *testing.T) {
	engine := enginetest.Shared(t)
	over := open(t)
	address := nativeFront(t, engine)
	d := openAt(t, "clickhouse://"+engine.User+":"+engine.Password+"@"+address+"/"+over.Database())
	if err := d.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := report.Batch{
		Connections: connections(2*blockRows + 3),
		Rejects:     []report.Reject{{Vendor: "alpemix", Account: "main", Reason: "no_uid", Raw: "{}", Hash: 7, At: at, Version: 8}},
		Days:        []report.DayStatus{{Account: "main", Day: 20000, State: report.DaySealed, SealedAt: at, Version: 1}, {Account: "main", Day: 20001, State: report.DayOpen}},
		Fetches:     []report.Fetch{{At: at.Add(123456 * time.Microsecond), Job: "today", Code: -1, Seconds: 0.25}},
	}
	for range 2 {
		if err := d.Writer().Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	// The same rows over HTTP: both ways must make the same of every field, and the token must be the same.
	if err := over.Writer().Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got, want := ask(t, over, "SELECT count(), sum(duration_seconds), uniqExact(raw), any(mode) FROM connection_rows"), fmt.Sprintf("%d\t", len(b.Connections)); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "support") {
		t.Errorf("%s, want %s…", got, want)
	}
	if got := ask(t, over, "SELECT (SELECT count() FROM day_rows), (SELECT groupArray(sealed_at) FROM days), (SELECT any(at) FROM fetch_rows), (SELECT count() FROM quarantine)"); got !=
		"2\t['2026-02-03 04:05:06']\t2026-02-03 04:05:06.123456\t1" {
		t.Error(got)
	}
	if err := d.Writer().Write(t.Context(), reseller()); err != nil {
		t.Fatal(err)
	}
	arrived(t, over)
	if err := over.Writer().Write(t.Context(), reseller()); err != nil {
		t.Fatal(err)
	}
	arrived(t, over)
	stored, err := d.Writer().ReadBack(t.Context(), "main", b.Connections[0].LocalDay)
	if err != nil || len(stored) != len(b.Connections) || stored[b.Connections[5].UID] != b.Connections[5].Hash {
		t.Errorf("read back %d, %v", len(stored), err)
	}
	if waiting, err := d.Writer().Quarantined(t.Context(), 5); err != nil || len(waiting) != 1 {
		t.Errorf("%v %v", waiting, err)
	}
	i := d.Writer().Import(t.Context())
	for n := range 5000 {
		c := connection(n)
		c.Version++
		if err := i.Add(&c); err != nil {
			t.Fatal(err)
		}
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, over, "SELECT count() FROM connections"); got != "5000" {
		t.Error(got)
	}
	ask(t, over, "DROP TABLE day_rows")
	if err := d.Writer().Write(t.Context(), report.Batch{Days: b.Days}); Reason(err) != ReasonMissingTable {
		t.Errorf("%s: %v", Reason(err), err)
	}
	wrong, err := Open(Config{DSN: "clickhouse://collector:wrong-secret@" + address + "/alpemix"})
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	if err := wrong.Writer().Write(t.Context(), one()); Reason(err) != ReasonAuth || strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("%s: %v", Reason(err), err)
	}
}

func TestQueryOverTheNativeProtocol(t *testing.T) {
	engine := enginetest.Shared(t)
	d := openAt(t, "clickhouse://"+engine.User+":"+engine.Password+"@"+nativeFront(t, engine)+"/"+database(t))
	const all = "SELECT toUInt8(7) AS n, 'x,yz' AS s, NULL::Nullable(String) AS nothing, toDate('2026-01-02') AS d, toDateTime('2026-01-02 03:04:05', 'UTC') AS t, toDateTime64('2026-01-02 03:04:05.25', 3, 'UTC') AS p"
	for format, want := range map[string]string{
		"": "n  s     nothing  d           t                    p\n" +
			"7  x,yz  \\N       2026-01-02  2026-01-02 03:04:05  2026-01-02 03:04:05.25\n",
		"CSVWithNames": "n,s,nothing,d,t,p\n7,\"x,yz\",\\N,2026-01-02,2026-01-02 03:04:05,2026-01-02 03:04:05.25\n",
		"TSVWithNames": "n\ts\tnothing\td\tt\tp\n7\tx,yz\t\\N\t2026-01-02\t2026-01-02 03:04:05\t2026-01-02 03:04:05.25\n",
		"JSONEachRow":  `{"n":7,"s":"x,yz","nothing":null,"d":"2026-01-02","t":"2026-01-02 03:04:05","p":"2026-01-02 03:04:05.25"}` + "\n",
	} {
		var out bytes.Buffer
		if err := d.Query(t.Context(), all, format, &out); err != nil || out.String() != want {
			t.Errorf("%q: %q, want %q, %v", format, out.String(), want, err)
		}
	}
	var tsv bytes.Buffer
	if err := d.Query(t.Context(), "SELECT 'a\tb\\n\\\\' AS s", "TSVWithNames", &tsv); err != nil || tsv.String() != "s\na\\tb\\n\\\\\n" {
		t.Errorf("%q, %v", tsv.String(), err)
	}
	var out bytes.Buffer
	if err := d.Query(t.Context(), "SELECT 1 FORMAT Parquet", "", &out); err == nil || !strings.Contains(err.Error(), "for Parquet set clickhouse.dsn to http") {
		t.Error(err)
	}
	if err := d.Query(t.Context(), "SELEC 1", "", &out); err == nil {
		t.Error("a wrong statement passes")
	}
}
