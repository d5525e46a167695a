package spool

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"alpemix-collector/internal/durable"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

// victimDir and victimStep are environment variables: the state folder of a process that is killed,
// and the number of the sync at which it kills itself, negative for just before it.
const (
	victimDir  = "TEST_SPOOL_VICTIM"
	victimStep = "TEST_SPOOL_STEP"
)

// victim makes one call and prints when it is sent and when its outcome is recorded. Without a step
// it then waits to be killed.
func victim(dir string) {
	step, _ := strconv.Atoi(os.Getenv(victimStep))
	s, n := New(dir), 0
	die := func() {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		select {}
	}
	works := s.sync
	s.sync = func(f *os.File) error {
		n++
		if n == -step {
			die()
		}
		err := works(f)
		if n == step {
			die()
		}
		return err
	}
	note, err := s.Begin(limit("1"))
	if err != nil {
		panic(err)
	}
	fmt.Println("sent")
	if step == 0 {
		select {}
	}
	if err := note.End("ok", "ok said the vendor", Effect{Allotments: []report.Allotment{allotted("1", 100)}}); err != nil {
		panic(err)
	}
	fmt.Println("noted")
	die()
}

func victimCommand(dir string, step int) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), victimDir+"="+dir, fmt.Sprint(victimStep, "=", step))
	c.Stderr = os.Stderr
	return c
}

// TestKilledAtEveryStep: a call that was sent is in the log, with its outcome if that was recorded.
// A call that was not sent may be in the log with an unknown outcome.
func TestKilledAtEveryStep(t *testing.T) {
	for _, step := range []int{-1, 1, -2, 2, -3, 3, -4, 4, 5} {
		dir := t.TempDir()
		said, err := victimCommand(dir, step).Output()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != -1 {
			t.Fatalf("%d: not killed: %v", step, err)
		}
		b := &books{}
		taken := takeIn(t, New(dir), b)
		sent, noted := strings.Contains(string(said), "sent"), strings.Contains(string(said), "noted")
		if wants := step < -3 || step > 3; sent != wants || noted != (step == 5) {
			t.Errorf("%d: it said %q", step, said)
		}
		switch {
		case len(taken) != 1 || noted && (taken[0] != ended("1", "ok") || b.set["1sms_eco"] != allotted("1", 100)):
			t.Errorf("%d: %+v %+v", step, taken, b.set)
		case !sent && taken[0] != limit("1"):
			t.Errorf("%d: %+v", step, taken)
		}
		if names := left(t, New(dir)); len(names) != 0 {
			t.Errorf("%d: left %v", step, names)
		}
	}
}

// TestCallInProgress: a call is not imported until its process is gone.
func TestCallInProgress(t *testing.T) {
	dir := t.TempDir()
	c := victimCommand(dir, 0)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "sent\n" || err != nil {
		t.Fatalf("%q %v", line, err)
	}
	b := &books{}
	if taken := takeIn(t, New(dir), b); taken != nil {
		t.Errorf("%v", taken)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	// The kernel may release the lock of a killed process a little later than it reports the exit.
	for deadline := time.Now().Add(time.Minute); durable.Locked(filepath.Join(dir, folder, "0000000001"+suffix)) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if taken := takeIn(t, New(dir), b); len(taken) != 1 || taken[0] != limit("1") || len(b.set) != 0 {
		t.Errorf("%v", taken)
	}
}

// TestTornAtEveryByte: only the first bytes of a note reached the disk.
func TestTornAtEveryByte(t *testing.T) {
	s := New(t.TempDir())
	n := begin(t, s, limit("1"))
	path := n.file.Name()
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end(t, n, "ok", allotted("1", 100))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := range len(whole) + 1 {
		for _, rest := range []string{"", strings.Repeat("\x00", len(whole)-size)} { // the size may reach the disk before the content
			if err := os.WriteFile(path, append(whole[:size:size], rest...), 0o600); err != nil {
				t.Fatal(err)
			}
			b := &books{}
			taken := takeIn(t, s, b)
			switch {
			case size < len(first):
				if taken != nil || b.log != nil {
					t.Errorf("%d: never sent, and in the log: %v", size, taken)
				}
			case size < len(whole):
				if len(taken) != 1 || taken[0] != limit("1") || len(b.set) != 0 {
					t.Errorf("%d: %v %v", size, taken, b.set)
				}
			case len(taken) != 1 || taken[0] != ended("1", "ok") || len(b.set) != 1:
				t.Errorf("%d: %v %v", size, taken, b.set)
			}
			if names := left(t, s); len(names) != 0 {
				t.Fatalf("%d: left %v", size, names)
			}
		}
	}
}

// TestPowerLoss: what was not flushed to disk is lost. The note is safe before the call is sent,
// and the outcome before it is reported.
func TestPowerLoss(t *testing.T) {
	state := t.TempDir()
	s, disk := New(state), map[string]string{}
	s.sync = func(f *os.File) error {
		info, err := f.Stat()
		if err != nil || info.IsDir() {
			disk[f.Name()] = "there"
			return err
		}
		text, err := os.ReadFile(f.Name())
		disk[f.Name()] = string(text)
		return err
	}
	n := begin(t, s, limit("1"))
	path := n.file.Name()
	check := func(lines int) {
		t.Helper()
		if disk[state] == "" || disk[s.dir] == "" || strings.Count(disk[path], "\n") != lines {
			t.Errorf("on the disk: %q", disk)
		}
	}
	check(1)
	end(t, n, "ok")
	check(2)
	delete(disk, s.dir)
	takeIn(t, s, &books{})
	if disk[s.dir] == "" {
		t.Error("the note may come back")
	}
}

// TestStateFile runs TakeIn with the real state file.
func TestStateFile(t *testing.T) {
	dir := t.TempDir()
	s := New(dir)
	state, err := store.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	end(t, begin(t, s, limit("1")), "ok", allotted("1", 100))
	end(t, begin(t, s, limit("1")), "ok", allotted("1", 200))
	path := filepath.Join(s.dir, "0000000001.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := filepath.Join(s.dir, "0000000002.jsonl")
	if err := os.Rename(second, second+".later"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time as after a crash before the removal
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if taken, err := s.TakeIn(state); err != nil || len(taken) != 1 {
			t.Fatal(taken, err)
		}
	}
	if err := os.Rename(second+".later", second); err != nil {
		t.Fatal(err)
	}
	if taken, err := s.TakeIn(state); err != nil || len(taken) != 1 {
		t.Fatal(taken, err)
	}
	known := state.Allotments("serwersms", "pl")
	if len(known) != 1 || known[0].Customer != "1" || known[0].Allotted.V != 200 || known[0].Unit != "piece" {
		t.Errorf("%+v", known)
	}
	batch, ok, err := state.Next(1000, 1<<20, true)
	if err != nil || !ok || len(batch.Provisionings) != 3 || batch.Provisionings[0] != batch.Provisionings[1] || batch.Provisionings[0] != ended("1", "ok") {
		t.Errorf("%+v %v", batch, err)
	}
	var opened []report.AllotmentPeriod
	for _, p := range batch.Allotments {
		if p.ValidTo.IsZero() {
			opened = append(opened, p)
		}
	}
	if len(opened) != 2 {
		t.Errorf("%+v", batch.Allotments)
	}
}
