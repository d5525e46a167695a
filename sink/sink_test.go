package sink

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/sink/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// open is a migrated database of the test's own on the shared engine.
func open(t testing.TB) *DB {
	t.Helper()
	return openAt(t, enginetest.Shared(t).DSN(database(t)))
}

func openAt(t testing.TB, dsn string) *DB {
	t.Helper()
	d, err := Open(Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// database is a name made of the test's.
func database(t testing.TB) string {
	return strings.ToLower(strings.NewReplacer("/", "_", "#", "_", " ", "_", "-", "_").Replace(t.Name()))
}

// ask is the answer to a query as tab-separated text.
func ask(t testing.TB, d *DB, format string, args ...any) string {
	t.Helper()
	var out bytes.Buffer
	if err := d.Query(t.Context(), fmt.Sprintf(format, args...), "TSV", &out); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// connection is the n-th connection of a believable support desk, one every three seconds.
func connection(n int) report.Connection {
	at := time.Unix(1770000000+int64(n)*3, 0).UTC()
	staff, target := strconv.Itoa(n%20), strconv.Itoa(n*7919%500)
	raw := fmt.Sprintf(`{"uid":"{%08X-0000-4000-8000-%012X}","dt":"%s","dur:":%d,"dir":0,"exp":"yazıcı çalışmıyor, sürücü kuruldu","supnum":"%d",`+
		`"uname":"Ayşe %[6]s","ip":"10.1.1.%[6]s","lip":"192.168.1.%[6]s","unum":"12345678%[6]s","aid":"98765432%[6]s",`+
		`"tuname":"MUHASEBE %[7]s","tip":"8.8.8.%[7]s","tlip":"192.168.7.%[7]s","tunum":"5555%[7]s","taid":"6666%[7]s"}`,
		uint32(n)*2654435761, n, at.Format(`15:04:05 02\\01\\2006`), n%3000, n%10000, staff, target)
	return report.Connection{
		Account: "main", UID: raw[8:46], StartedAt: at, Duration: time.Duration(n%3000) * time.Second, Mode: report.ModeSupport,
		Explanation: "yazıcı çalışmıyor, sürücü kuruldu", SupportNumber: strconv.Itoa(n % 10000),
		Staff:    report.Party{Name: "Ayşe " + staff, IP: "10.1.1." + staff, LocalIP: "192.168.1." + staff, Device: "12345678" + staff, AlpemixID: "98765432" + staff},
		Target:   report.Party{Name: "MUHASEBE " + target, IP: "8.8.8." + target, LocalIP: "192.168.7." + target, Device: "5555" + target, AlpemixID: "6666" + target},
		LocalDay: report.DayOf(at), FirstSeenAt: at.Add(time.Minute), FetchedAt: at.Add(time.Hour), Raw: raw,
		Hash: rand.New(rand.NewPCG(uint64(n), 1)).Uint64(), Version: uint64(at.UnixMicro()),
	}
}

func connections(n int) []report.Connection {
	all := make([]report.Connection, n)
	for i := range all {
		all[i] = connection(i)
	}
	return all
}

// dsnOf is a database of that name on the shared engine.
func dsnOf(t testing.TB, database string) string { return enginetest.Shared(t).DSN(database) }
