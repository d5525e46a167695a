package sink

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"alpemix-collector/sink/enginetest"
)

// TestDamagedPart: an engine that runs and finds its data damaged is not one that does not answer.
func TestDamagedPart(t *testing.T) {
	server := enginetest.Start(t)
	d := openAt(t, server.DSN("alpemix"))
	for _, s := range []string{
		"CREATE TABLE damaged (a UInt64, s String) ENGINE = MergeTree ORDER BY a",
		"INSERT INTO damaged SELECT number, toString(cityHash64(number)) FROM numbers(100000)",
	} {
		if err := d.conn.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	server.Kill()
	files := 0
	err := filepath.WalkDir(filepath.Join(server.Dir, "data"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) != "data.bin" && filepath.Base(path) != "s.bin" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i := len(b) / 3; i < len(b)/2; i++ {
			b[i] ^= 0x55
		}
		files++
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil || files == 0 {
		t.Fatal(files, err)
	}
	server.Restart(t)
	var n uint64
	err = d.conn.QueryRow(t.Context(), "SELECT sum(cityHash64(s)) FROM damaged").Scan(&n)
	if Reason(err) != ReasonDamaged || !Answered(err) {
		t.Errorf("%s, want %s: %v", Reason(err), ReasonDamaged, err)
	}
}
