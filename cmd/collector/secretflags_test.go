package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// pty opens a terminal; what is written to user is typed on it, and what it shows is read from user.
func pty(t *testing.T) (user, terminal *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return user, terminal
}

// answers is stderr of a command that asks: to each question it types the next answer, when the terminal shows no more what is typed.
type answers struct {
	mu    sync.Mutex
	text  bytes.Buffer
	user  *os.File
	lines []string
	asked chan struct{}
}

func (a *answers) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(p)
	if bytes.HasSuffix(p, []byte(": ")) && len(a.lines) > 0 {
		line := a.lines[0]
		a.lines = a.lines[1:]
		go func() {
			for shows(a.user) {
			}
			_, _ = a.user.WriteString(line)
			if a.asked != nil {
				close(a.asked)
			}
		}()
	}
	return len(p), nil
}

// shows reports whether a terminal shows what is typed.
func shows(terminal *os.File) bool {
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	return err != nil || state.Lflag&unix.ECHO != 0
}

// asked runs a command line on a terminal on which lines are typed.
func (s *stand) asked(ctx context.Context, a *answers, args []string) (outcome, *os.File) {
	user, terminal := pty(s.t)
	a.user = user
	var stdout bytes.Buffer
	app := &app{stdin: terminal, stdout: &stdout, stderr: a, environ: s.environ}
	code := app.execute(ctx, append([]string{"reseller"}, args...))
	a.mu.Lock()
	defer a.mu.Unlock()
	stderr := a.text.String()
	s.printed.WriteString(stdout.String() + stderr)
	return outcome{code, stdout.String(), stderr[max(strings.Index(stderr, "Password"), 0):]}, terminal
}

func TestPasswordsAreAskedForOnATerminal(t *testing.T) {
	addAsked := add[:len(add)-2]
	signIn := strings.Fields("remotepc user signin nobody@firma.example")
	for name, c := range map[string]struct {
		args   []string
		typed  []string
		code   int
		stdout string
		stderr string
	}{
		"new": {addAsked, []string{newPassword + "\n", newPassword + "\n"}, exitOK, "done: added new@firma.example, with 5 computers\n",
			"Password of new@firma.example: \nRepeat it: \n"},
		"new, mistyped": {addAsked, []string{newPassword + "\n", "other\n"}, exitUsage, "",
			"Password of new@firma.example: \nRepeat it: \ncollector: the two passwords differ; see: collector reseller remotepc user add --help\n"},
		"nothing": {addAsked, []string{"\n"}, exitUsage, "",
			"Password of new@firma.example: \ncollector: what was typed is empty; it has to hold the secret alone; see: collector reseller remotepc user add --help\n"},
		"once": {signIn, []string{"wrong-" + newPassword + "\n"}, exitFailure, "",
			"Password of nobody@firma.example: \ncollector: remotepc account eu, request for user/signin: error 400 USERNAME_DOES_NOT_EXIST: no user has this name\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			got, terminal := s.asked(t.Context(), &answers{lines: c.typed}, c.args)
			if want := (outcome{c.code, c.stdout, c.stderr}); got != want {
				t.Errorf("%+v\nwant %+v", got, want)
			}
			if !shows(terminal) {
				t.Error("the terminal does not show what is typed any more")
			}
		})
	}
}

// TestAnInterruptedPrompt leaves the terminal as it was.
func TestAnInterruptedPrompt(t *testing.T) {
	s := newStand(t)
	ctx, cancel := context.WithCancel(t.Context())
	a := &answers{lines: []string{"half"}, asked: make(chan struct{})}
	go func() { <-a.asked; cancel() }()
	got, terminal := s.asked(ctx, a, add[:len(add)-2])
	if want := (outcome{exitFailure, "", "Password of new@firma.example: \ncollector: interrupted\n"}); got != want {
		t.Errorf("%+v", got)
	}
	if !shows(terminal) || !term.IsTerminal(int(terminal.Fd())) {
		t.Error("the terminal does not show what is typed any more")
	}
	if n := len(s.vendors["remotepc"].Stats().Log); n != 0 {
		t.Errorf("%d requests", n)
	}
}
