package engine

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNobodyTakesThePort: from the start of an engine to its stop, no other process can listen on
// its port or at its socket, even while the engine restarts. A request during the restart is
// answered.
func TestNobodyTakesThePort(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir, "127.0.0.1:0")
	addr := p.Addr()
	for range 3 {
		pid := p.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		within(t, "the engine is gone", func() bool { return p.PID() != pid })
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			t.Error("another process can listen")
		} else if !errors.Is(err, syscall.EADDRINUSE) {
			t.Error(err)
		}
		if d, err := OpenDoors(dir, ""); err == nil {
			d.Close()
			t.Error("another process can lock the folder")
		} else if !errors.Is(err, ErrInUse) {
			t.Error(err)
		}
		if a := post(t, addr, "", "SELECT 1"); a.body != "1\n" {
			t.Errorf("a request during the restart: %d %s", a.status, a.body)
		}
	}
}

// TestOwnersDoor: writers use a socket that only the folder's owner can reach, however long its
// path is, and no secret is stored.
func TestOwnersDoor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("a-long-name/", 12), "clickhouse")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := start(t, dir, "127.0.0.1:0")
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, socketName): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode().Perm(), want)
		}
	}
	r := asDaemon(t, newRequest(t, http.MethodPost, "engine", "", "CREATE TABLE x (a UInt8) ENGINE = MergeTree ORDER BY a"))
	answer, err := Transport(dir).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the owner cannot write: %s", answer.Status)
	}
	for _, params := range []string{"user=collector", "user=collector&password=x", "user=default&password=x", "user=root"} {
		if a := post(t, p.Addr(), params, "DROP TABLE x"); a.code != "516" {
			t.Errorf("%s: %d %s", params, a.status, a.body)
		}
	}
	if a := post(t, p.Addr(), "", "DROP TABLE x"); a.status == http.StatusOK {
		t.Error("a reader can write")
	}
	if _, err := os.Stat(filepath.Join(dir, "credential")); err == nil {
		t.Error("a credential is stored in the folder")
	}
}

// TestDaemonReachesNothing: statements of the daemon read and write nothing but its database.
func TestDaemonReachesNothing(t *testing.T) {
	fixture(t)
	secret, out := filepath.Join(t.TempDir(), "secret"), filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(secret, []byte("open sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"SELECT file('SECRET')", "SELECT `fi\\x6ce`('SECRET')", "SELECT * FROM file('SECRET', 'LineAsString')", "SELECT * FROM `SECRET`",
		"SELECT arrayMap(file, ['SECRET'])", "INSERT INTO t SELECT 1000, file('SECRET')", "INSERT INTO t VALUES (1000, file('SECRET'))",
		"INSERT INTO t FROM INFILE 'SECRET' FORMAT LineAsString", "INSERT INTO FUNCTION file('@OUT@', 'CSV', 'a UInt8') SELECT 1",
		"INSERT INTO FUNCTION url('http://127.0.0.1:1/', 'CSV', 'a UInt8') SELECT 1", "SELECT 1 INTO OUTFILE '@OUT@'",
		"SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a UInt8')", "SELECT * FROM s3('http://127.0.0.1:1/a/b', 'CSV', 'a UInt8')",
		"SELECT * FROM remote('127.0.0.1:1', 'system.one')", "SELECT * FROM executable('ls', 'TSV', 'a String')",
		"SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')", "SELECT * FROM sqlite('SECRET', 't')",
		"CREATE TABLE f (a String) ENGINE = File(TSV, 'SECRET')", "CREATE TABLE f (a String) ENGINE = URL('http://127.0.0.1:1/', TSV)",
		"CREATE TABLE f (a String) ENGINE = S3('http://127.0.0.1:1/a/b', TSV)", "CREATE TABLE f (a String) ENGINE = Executable('ls', TSV)",
		"CREATE TABLE f (a String) ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c', 'd')", "CREATE TABLE f AS file('SECRET', 'LineAsString')",
		"CREATE DATABASE f ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')", "CREATE DATABASE f ENGINE = Filesystem('/')",
		"CREATE DICTIONARY f (a String) PRIMARY KEY a SOURCE(FILE(path 'SECRET' format 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
		"CREATE FUNCTION f AS x -> file(x)", "CREATE NAMED COLLECTION f AS a = 1", "CREATE USER f", "GRANT SOURCES ON *.* TO default",
		"BACKUP DATABASE alpemix TO File('@OUT@')", "RESTORE DATABASE alpemix FROM File('SECRET')", "SELECT * FROM system.stack_trace",
		"SYSTEM SHUTDOWN", "SYSTEM KILL", "ALTER TABLE t EXPORT PARTITION ID 'all' TO TABLE FUNCTION file('@OUT@')",
	} {
		a := send(t, asDaemon(t, newRequest(t, http.MethodPost, "engine", "", strings.NewReplacer("SECRET", secret, "@OUT@", out).Replace(text))))
		if a.status == http.StatusOK || strings.Contains(a.body, "sesame") {
			t.Errorf("%s: %d %.200q", text, a.status, a.body)
		}
		if _, err := os.Stat(out); err == nil {
			t.Fatalf("%s wrote a file", text)
		}
	}
	if a := send(t, asDaemon(t, newRequest(t, http.MethodPost, "engine", "", "SELECT count() FROM t WHERE s LIKE '%sesame%'"))); a.body != "0\n" {
		t.Errorf("the secret is in the table: %s", a.body)
	}
}
