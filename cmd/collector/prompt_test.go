package main

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestSignalsLeaveTheTerminalAsItWas: whatever ends a prompt, the terminal shows again what is typed. Ctrl-Z does not end it.
func TestSignalsLeaveTheTerminalAsItWas(t *testing.T) {
	for _, key := range []string{"\x03", "\x1c", "signal"} { // Ctrl-C, Ctrl-\, SIGTERM and SIGHUP
		for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
			user, terminal := pty(t)
			p := &process{exec.Command(os.Args[0], "dashboards", "push", "--grafana", "http://127.0.0.1:9"), new(syncBuffer)}
			p.Env, p.Stdin, p.Stderr = append(os.Environ(), asCollector+"=1", "GRAFANA_TOKEN="), terminal, p.stderr
			p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Process.Kill() })
			ended := make(chan error, 1)
			go func() { ended <- p.Wait() }()
			for deadline := time.Now().Add(patience); shows(user); pause(t.Context(), time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("no prompt: %s", p.stderr)
				}
			}
			if _, err := user.WriteString("\x1a"); err != nil { // Ctrl-Z
				t.Fatal(err)
			}
			var err error
			if key == "signal" {
				err = p.Process.Signal(sent)
			} else {
				_, err = user.WriteString(key)
			}
			if err != nil {
				t.Fatal(err)
			}
			select {
			case <-ended:
			case <-time.After(patience):
				t.Fatalf("%q does not end it", key)
			}
			state, err := unix.IoctlGetTermios(int(user.Fd()), unix.TCGETS)
			if err != nil || state.Lflag&unix.ECHO == 0 || state.Lflag&unix.ICANON == 0 {
				t.Errorf("%q: the terminal does not show what is typed any more: %v", key, err)
			}
			if code := p.ProcessState.ExitCode(); code != exitFailure || !strings.Contains(p.stderr.String(), "interrupted") {
				t.Errorf("%q: %s, %s", key, p.ProcessState, p.stderr)
			}
		}
	}
}
