package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"alpemix-collector/internal/statedir"
)

const nobodyUID = 65534

// asRoot skips a test that has to play two users.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
}

// TestAFolderThatCannotBeLookedIntoIsNoDemo: the advice for a demonstration's folder would cost real data.
func TestAFolderThatCannotBeLookedIntoIsNoDemo(t *testing.T) {
	file := write(t, "file", "")
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	report := write(t, "day.json", body(record("a", 1)))
	for dir, why := range map[string]string{
		filepath.Join(file, "state"): "not a directory",
		loop:                         "too many levels of symbolic links",
		filepath.Join(t.TempDir(), strings.Repeat("x", 300)): "file name too long",
	} {
		for _, args := range []string{"run", "run --once", "check", "import --account main " + report, "demo --state " + dir, "sql 1", "migrate", "reseller limacity keys add 7 --key-file " + report} {
			environ := []string{"COLLECTOR_STATE_DIR=" + dir, "COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u",
				"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k", "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_NAME=de", "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_API_KEY=k"}
			got := command(t, environ, "", strings.Fields(args)...)
			if got.code != exitUsage || !strings.Contains(got.stderr, "cannot look into "+dir+": "+why) || strings.Contains(got.stderr, "demo;") {
				t.Errorf("%s: %+v", args, got)
			}
		}
	}
}

// TestOtherUsersAreRefused before they leave files that the daemon could not write.
func TestOtherUsersAreRefused(t *testing.T) {
	asRoot(t)
	report := write(t, "day.json", body(record("a", 1)))
	for name, owned := range map[string]func(dir string) error{
		"the folder": func(dir string) error { return os.Chown(dir, nobodyUID, nobodyUID) },
		"the state file": func(dir string) error {
			file := filepath.Join(dir, "state.db")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				return err
			}
			return os.Chown(file, nobodyUID, nobodyUID)
		},
		"the engine's folder": func(dir string) error {
			if err := os.Mkdir(filepath.Join(dir, statedir.EngineFolder), 0o700); err != nil {
				return err
			}
			return os.Chown(filepath.Join(dir, statedir.EngineFolder), nobodyUID, nobodyUID)
		},
	} {
		dir := t.TempDir()
		if err := owned(dir); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		environ := []string{"COLLECTOR_STATE_DIR=" + dir, "COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME=main", "COLLECTOR_ALPEMIX_ACCOUNTS_0_MAIN_USERNAME=u",
			"COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=k", "COLLECTOR_ALPEMIX_ENDPOINT=http://127.0.0.1:9",
			"COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_NAME=de", "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_API_KEY=k", "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_ENDPOINT=http://127.0.0.1:9",
			"COLLECTOR_HTTP_LISTEN=" + freeAddress(t), "COLLECTOR_CLICKHOUSE_EMBEDDED_LISTEN=" + freeAddress(t)}
		for _, args := range []string{"run", "run --once", "import " + report, "migrate up", "quarantine retry", "sql --write SELECT", "check",
			"demo --state " + dir, "reseller limacity keys add 7 --key-file -", "reseller limacity customer create bakkal info@bakkal.example --disk-gb 1 --mysql-gb 1 --mail 1"} {
			got := command(t, environ, "a-key\n", strings.Fields(args)...)
			advice := "sudo -u nobody collector " + args
			if name != "the folder" { // it is root's, and what is in it was left there by nobody
				advice = "give it back: sudo chown -R root " + dir
			}
			if all := got.stdout + got.stderr; got.code == exitOK || !strings.Contains(all, "belongs to user nobody, and you are user root") || !strings.Contains(all, advice) {
				t.Errorf("%s is nobody's, %s: %+v", name, args, got)
			}
		}
		if after := tree(t, dir); after != before {
			t.Errorf("%s is nobody's: left behind %s", name, after)
		}
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// TestUnreadableStateIsNotAnEmptyTable: another user who cannot read it learns so, and who can.
func TestUnreadableStateIsNotAnEmptyTable(t *testing.T) {
	asRoot(t)
	folder, err := os.MkdirTemp("/tmp", "collector-owner-*") // where nobody may look
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	state, binary := filepath.Join(folder, "state"), filepath.Join(folder, "collector")
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	copied(t, os.Args[0], binary)
	environ := []string{"COLLECTOR_STATE_DIR=" + state, "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_NAME=de", "COLLECTOR_RESELLER_LIMACITY_ACCOUNTS_0_API_KEY=k"}
	if got := command(t, environ, "a-key\n", "reseller", "limacity", "keys", "add", "7", "--key-file", "-"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	for _, args := range []string{"reseller limacity keys", "reseller limacity usercp 7 domains", "sql 1", "quarantine list", "migrate status", "check", "run --once"} {
		p := exec.Command(binary, strings.Fields(args)...)
		p.Dir, p.Env = folder, append([]string{asCollector + "=1"}, environ...)
		p.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodyUID, Gid: nobodyUID}}
		out, err := p.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "permission denied") {
			t.Errorf("%s: %v %s", args, err, out)
		}
	}
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
