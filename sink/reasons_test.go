package sink

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

func one() report.Batch { return report.Batch{Connections: connections(1)} }

func TestReasonsOnTheEngine(t *testing.T) {
	server := enginetest.Shared(t)
	name := database(t)
	good := openAt(t, server.DSN(name))
	for _, tc := range []struct {
		what, reason string
		dsn          string
		before       string
	}{
		{what: "wrong password", reason: ReasonAuth, dsn: "http://collector:wrong-secret@" + server.Addr + "/" + name},
		{what: "a reader", reason: ReasonReadOnly, dsn: "http://" + server.Addr + "/" + name},
		{what: "no database", reason: ReasonMissingTable, dsn: server.DSN("nowhere")},
		{what: "no table", reason: ReasonMissingTable, dsn: server.DSN(name), before: "RENAME TABLE connection_rows TO away"},
		{what: "column missing", reason: ReasonSchemaMismatch, dsn: server.DSN(name), before: "RENAME TABLE away TO connection_rows; ALTER TABLE connection_rows RENAME COLUMN hash TO gone"},
		{what: "column of another type", reason: ReasonSchemaMismatch, dsn: server.DSN(name),
			before: "ALTER TABLE connection_rows RENAME COLUMN gone TO hash; ALTER TABLE connection_rows MODIFY COLUMN staff_name UInt8"},
		{what: "nobody listens", reason: ReasonUnreachable, dsn: "http://user:wrong-secret@127.0.0.1:1/alpemix"},
		{what: "nobody listens natively", reason: ReasonUnreachable, dsn: "clickhouse://user:wrong-secret@127.0.0.1:1/alpemix"},
	} {
		for statement := range strings.SplitSeq(tc.before, "; ") {
			if statement != "" {
				ask(t, good, "%s", statement)
			}
		}
		d, err := Open(Config{DSN: tc.dsn})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Writer().Write(t.Context(), one())
		if got := Reason(err); err == nil || got != tc.reason {
			t.Errorf("%s: %s, want %s: %v", tc.what, got, tc.reason, err)
		}
		if err != nil && (strings.Contains(err.Error(), "wrong-secret") || strings.Contains(err.Error(), server.Password)) {
			t.Errorf("%s: the error shows the password: %v", tc.what, err)
		}
		d.Close()
	}
}

// A server that answers as ClickHouse does, for what cannot be provoked of a real one.
func TestReasonsOfAnswers(t *testing.T) {
	exception := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, status) }
	}
	for _, tc := range []struct {
		reason string
		answer http.HandlerFunc
	}{
		{ReasonAuth, exception(401, "nginx: who are you")},
		{ReasonUnreachable, exception(502, "bad gateway")},
		{ReasonTimeout, exception(504, "gateway timeout")},
		{ReasonTooManyParts, exception(500, "Code: 252. DB::Exception: Too many parts (300). (TOO_MANY_PARTS) (version 26.7.2.1)")},
		{ReasonReadOnly, exception(500, "Code: 242. DB::Exception: Table is in readonly mode. (TABLE_IS_READ_ONLY) (version 26.7.2.1)")},
		{ReasonMemory, exception(500, "Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1)")},
		{ReasonDisk, exception(500, "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE) (version 26.7.2.1)")},
		{ReasonKeeper, exception(500, "Code: 999. Coordination::Exception: Connection loss. (KEEPER_EXCEPTION) (version 26.7.2.1)")},
		{ReasonBusy, exception(500, "Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES) (version 26.7.2.1)")},
		{ReasonOther, exception(500, "Code: 49. DB::Exception: Logical error. (LOGICAL_ERROR) (version 26.7.2.1)")},
		{ReasonUnreachable, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{ReasonTimeout, func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // the server notices a client that leaves only after its request is read
			<-r.Context().Done()
		}},
	} {
		server := httptest.NewServer(tc.answer)
		d, err := Open(Config{DSN: server.URL + "/alpemix?read_timeout=200ms"})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Writer().Write(t.Context(), one())
		if got := Reason(err); err == nil || got != tc.reason {
			t.Errorf("%s, want %s: %v", got, tc.reason, err)
		}
		d.Close()
		server.Close()
	}
}

func TestOtherReasons(t *testing.T) {
	d := open(t)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if got := Reason(d.Writer().Write(canceled, one())); got != ReasonCanceled {
		t.Error(got)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if got := Reason(d.Writer().Write(late, one())); got != ReasonTimeout {
		t.Error(got)
	}
	if got := Reason(errors.New("?")); got != ReasonOther {
		t.Error(got)
	}
	for _, r := range []string{ReasonAuth, ReasonUnreachable, ReasonOther, ReasonInvalidRow, ReasonTimeout} {
		if !slices.Contains(Reasons(), r) {
			t.Errorf("Reasons lacks %s", r)
		}
	}
}

// One row that cannot be held stops its batch before anything is sent.
func TestImpossibleRowsAreFoundFirst(t *testing.T) {
	d := open(t)
	for name, spoil := range map[string]func(*report.Batch){
		"started_at before 1970": func(b *report.Batch) { b.Connections[1].StartedAt = time.Unix(-1, 0) },
		"started_at after 2106":  func(b *report.Batch) { b.Connections[1].StartedAt = time.Unix(1<<32, 0) },
		"no first_seen_at":       func(b *report.Batch) { b.Connections[1].FirstSeenAt = time.Time{} },
		"no fetched_at":          func(b *report.Batch) { b.Connections[1].FetchedAt = time.Time{} },
		"negative duration":      func(b *report.Batch) { b.Connections[1].Duration = -time.Second },
		"duration over 32 bits":  func(b *report.Batch) { b.Connections[1].Duration = 1 << 32 * time.Second },
		"local_day before 1970":  func(b *report.Batch) { b.Connections[1].LocalDay = -1 },
		"local_day after 2149":   func(b *report.Batch) { b.Connections[1].LocalDay = 1 << 16 },
		"reject without time":    func(b *report.Batch) { b.Rejects = []report.Reject{{}} },
		"day without state":      func(b *report.Batch) { b.Days = []report.DayStatus{{Day: 1}} },
		"day before 1970":        func(b *report.Batch) { b.Days = []report.DayStatus{{Day: -1, State: report.DayOpen}} },
		"fetch without time":     func(b *report.Batch) { b.Fetches = []report.Fetch{{}} },
		"fetch code over 32 bits": func(b *report.Batch) {
			b.Fetches = []report.Fetch{{At: at, Code: 1 << 40}}
		},
		"allotment without time": func(b *report.Batch) { b.Allotments = []report.AllotmentPeriod{{ValidFrom: at}} },
		"allotment without begin": func(b *report.Batch) {
			b.Allotments = []report.AllotmentPeriod{{At: at}}
		},
		"allotment that ends after 2106": func(b *report.Batch) {
			b.Allotments = []report.AllotmentPeriod{{At: at, ValidFrom: at, ValidTo: time.Unix(1<<32, 0)}}
		},
		"customer of an allotment made before 1970": func(b *report.Batch) {
			b.Allotments = []report.AllotmentPeriod{{At: at, ValidFrom: at, Allotment: report.Allotment{CreatedOn: sql.Null[report.Day]{V: -1, Valid: true}}}}
		},
		"snapshot without time": func(b *report.Batch) { b.Snapshots = []report.SnapshotMark{{}} },
		"snapshot since after 2106": func(b *report.Batch) {
			b.Snapshots = []report.SnapshotMark{{At: at, Since: time.Unix(1<<32, 0)}}
		},
		"call without time": func(b *report.Batch) { b.Provisionings = []report.Provisioning{{}} },
	} {
		b := report.Batch{Connections: connections(2)}
		spoil(&b)
		err := d.Writer().Write(t.Context(), b)
		if Reason(err) != ReasonInvalidRow {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := ask(t, d, "SELECT count() FROM connection_rows"); got != "0" {
		t.Errorf("%s rows arrived", got)
	}
}
