package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// place writes a file of a user's at path.
func place(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hangup sends SIGHUP and waits until the log has one more line of what came of it, which it returns.
func (c *playground) hangup(t *testing.T, p *process) string {
	t.Helper()
	lines := func() (found []string) {
		for line := range strings.Lines(p.stderr.String()) {
			if strings.Contains(line, "reloaded") {
				found = append(found, line)
			}
		}
		return found
	}
	before := len(lines())
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	c.waitFor(t, p, func() bool { return len(lines()) > before })
	return lines()[before]
}

// TestHangupReloadsAllOrNothing: a secret that was refused is replaced without a restart, and at once.
func TestHangupReloadsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	key, customers := filepath.Join(dir, "key"), filepath.Join(dir, "customers.csv")
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}}, "COLLECTOR_CUSTOMERS_FILE="+customers)
	right := c.setting("COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY")
	c.environ = slices.DeleteFunc(c.environ, func(pair string) bool { return strings.HasPrefix(pair, "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY=") })
	c.environ = append(c.environ, "COLLECTOR_ALPEMIX_ACCOUNTS_0_SECRET_KEY_FILE="+key)
	place(t, key, "wrong-key\n")
	const header = "customer,vendor,account,field,value\n"
	place(t, customers, header)
	p := c.start(t, "run")
	c.waitFor(t, p, func() bool {
		return strings.Contains(p.stderr.String(), "refused") || strings.Contains(p.stderr.String(), "level=ERROR")
	})

	for _, step := range []struct{ key, customers, want, without string }{
		{"wrong-key\n", header, `msg="reloaded: no secret or list has changed"`, ""},
		{"\ufeff" + right + "\n", header + "Bakkal,alpemix,,staff_name,Ayşe\n", "a byte order mark (U+FEFF) at line 1, byte 1", ""},
		{right + "\n", header + "Bakkal,nobody,,staff_name,Ayşe\n", "customers.csv: line 2", ""},
		{right + "\n", header + "Bakkal,alpemix,,staff_name,Ayşe\n", `changed="` + customers + `, alpemix.accounts[main].secret_key_file"`, ""},
		{right + "\n", header + "Bakkal,alpemix,,staff_name,Ayşe\n", "no secret or list has changed", ""},
	} {
		place(t, key, step.key)
		place(t, customers, step.customers)
		line := c.hangup(t, p)
		if !strings.Contains(line, step.want) || strings.Contains(p.stderr.String(), right) || strings.Contains(line, "wrong-key") {
			t.Errorf("%q\nwant %s", line, step.want)
		}
		if refused := !strings.Contains(line, "level=INFO"); refused && c.vendor.Stats().Requests[report.Today] > 0 {
			t.Error("the key is in use, though something else was wrong")
		}
	}
	c.waitFor(t, p, func() bool { return c.readWhole(0) })
	c.waitFor(t, p, func() bool { return c.ask(t, "SELECT customer FROM customers") == "Bakkal" })
	place(t, key, "wrong-key\n")
	if err := os.Remove(customers); err != nil {
		t.Fatal(err)
	}
	if line := c.hangup(t, p); !strings.Contains(line, "neither secrets nor lists") || !strings.Contains(line, "customers.csv is gone") {
		t.Errorf("without the customers file: %q", line)
	}
	if code := p.interrupt(t); code != exitOK {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
}

// TestDaemonOutlivesTheReaderOfItsLog and of its stdout.
func TestDaemonOutlivesTheReaderOfItsLog(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}})
	p := exec.Command(os.Args[0], "run")
	p.Env = append([]string{asCollector + "=1"}, c.environ...)
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.StdoutPipe()
	if err == nil {
		err = stdout.Close()
	}
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	if _, err := bufio.NewReader(stderr).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := stderr.Close(); err != nil {
		t.Fatal(err)
	}
	alive := &process{p, new(syncBuffer)}
	c.waitFor(t, alive, func() bool { return c.readWhole(0) })
	for range 3 {
		if err := p.Process.Signal(syscall.SIGHUP); err != nil { // it is logged
			t.Fatal(err)
		}
		if _, err := statusAt(t.Context(), c.setting("COLLECTOR_HTTP_LISTEN")); err != nil {
			t.Fatal(err)
		}
	}
	if code := alive.interrupt(t); code != exitOK {
		t.Errorf("exit status %d", code)
	}
}

// TestDaemonOutlivesALogThatIsNotRead: a pipe that is full, as behind Ctrl-S, must not cost a day.
func TestDaemonOutlivesALogThatIsNotRead(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}})
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := w.Write(make([]byte, 64<<10)); err != nil {
		t.Fatal(err)
	}
	p := exec.Command(os.Args[0], "run")
	p.Env, p.Stdout, p.Stderr = append([]string{asCollector + "=1"}, c.environ...), w, w
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	stalled := &process{p, new(syncBuffer)}
	c.waitFor(t, stalled, func() bool { return c.readWhole(0) })
	if code := stalled.interrupt(t); code != exitOK {
		t.Errorf("exit status %d", code)
	}
}

// TestCommandsEndQuietlyWhenNobodyReads, as other tools do before head.
func TestCommandsEndQuietlyWhenNobodyReads(t *testing.T) {
	environ, _, _ := desk(t)
	for _, args := range [][]string{
		{"sql", "SELECT number FROM numbers(3000000)"}, {"sql", "--format", "TSV", "SELECT number FROM numbers(3000000)"},
		{"check"}, {"config"}, {"--help"}, {"completion", "bash"},
	} {
		p := exec.Command(os.Args[0], args...)
		var stderr strings.Builder
		p.Env, p.Stderr = append([]string{asCollector + "=1"}, environ...), &stderr
		stdout, err := p.StdoutPipe()
		if err == nil {
			err = p.Start()
		}
		if err == nil {
			err = stdout.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = p.Wait()
		if code := p.ProcessState.ExitCode(); code != exitBrokenPipe || stderr.Len() > 0 {
			t.Errorf("%q: exit status %d, %s", args, code, stderr.String())
		}
	}
}

// TestPrintingToAFullDiskFails instead of saying that all is well.
func TestPrintingToAFullDiskFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = full.Close() }()
	for _, args := range [][]string{{"version"}, {"config"}, {"--help"}} {
		var stderr strings.Builder
		a := &app{stdin: strings.NewReader(""), stdout: full, stderr: &stderr}
		if code := a.execute(t.Context(), args); code != exitFailure || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%q: %d %s", args, code, stderr.String())
		}
	}
}

// TestSignalsEndWhatWaits for a pipe to which nobody writes.
func TestSignalsEndWhatWaits(t *testing.T) {
	c := newPlayground(t, simulator.Options{Accounts: []simulator.Account{{Name: "main"}}})
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"import", pipe}, {"import", "-"}, {"sql", "-"}, {"check", "-c", pipe},
		{"dashboards", "push", "--grafana", "http://127.0.0.1:9", "--token-file", pipe},
	} {
		for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			p := &process{exec.Command(os.Args[0], args...), new(syncBuffer)}
			p.Env, p.Stderr = append([]string{asCollector + "=1"}, c.environ...), p.stderr
			stdin, err := p.StdinPipe()
			if err == nil {
				err = p.Start()
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Process.Kill() })
			if args[1] == "-" { // more than a pipe takes is written when somebody reads
				_, err = stdin.Write(make([]byte, 1<<20))
			} else {
				c.waitFor(t, p, func() bool {
					writer, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
					if err == nil {
						t.Cleanup(func() { _ = writer.Close() })
					}
					return err == nil
				})
			}
			if err == nil {
				err = p.Process.Signal(sent)
			}
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- p.Wait() }()
			select {
			case <-ended:
			case <-time.After(patience):
				t.Fatalf("%q ignores %s", args, sent)
			}
			if code := p.ProcessState.ExitCode(); code != exitFailure || !strings.Contains(p.stderr.String(), "interrupted") {
				t.Errorf("%q, %s: exit status %d, %q", args, sent, code, p.stderr)
			}
		}
	}
}
