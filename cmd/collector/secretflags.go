package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"alpemix-collector/internal/secret"
	"alpemix-collector/internal/terminal"
)

// secretFlags reads a secret from a file, standard input or the terminal. No flag holds the secret
// itself: other users can see command lines, and shells keep them.
type secretFlags struct {
	noun  string // password, key
	isNew bool   // the call sets it: a prompt asks twice
	file  string // - is standard input
}

func newSecretFlags(command *cobra.Command, noun string, isNew bool) *secretFlags {
	s := &secretFlags{noun: noun, isNew: isNew}
	command.Flags().StringVar(&s.file, noun+"-file", "", "file that contains only the "+noun+", - for standard input (default: ask for it on the terminal)")
	return s
}

// ask reads the secret of the action's first argument. In a dry run without a source it returns a
// random one, which is never shown.
func (e *errand) ask(ctx context.Context, argument string) (secret.Value, error) {
	if e.dryRun && e.secret.file == "" {
		return secret.New(rand.Text()[:20]), nil
	}
	text, err := e.secret.read(ctx, e.app, fmt.Sprintf(e.Secret.Whose, argument))
	if err != nil && ctx.Err() == nil && !errors.Is(err, errInterrupted) {
		err = e.misused(err)
	}
	return secret.New(text), err
}

func (s *secretFlags) read(ctx context.Context, a *app, whom string) (string, error) {
	tty, isTerminal := terminalOf(a.stdin)
	switch {
	case s.file == "-":
		return terminal.Await(ctx, func() (string, error) { return secret.Read(a.stdin, "standard input") })
	case s.file != "":
		file, err := terminal.Await(ctx, func() (secret.File, error) { return secret.ReadFile(s.file) })
		if err != nil {
			err = fmt.Errorf("--%s-file: %w", s.noun, err)
		}
		return file.Text, err
	case !isTerminal:
		return "", fmt.Errorf("the %s is missing: give --%s-file (- is standard input), or run the command on a terminal", s.noun, s.noun)
	}
	text, err := s.prompt(ctx, a, tty, fmt.Sprintf("%s of %s: ", strings.ToUpper(s.noun[:1])+s.noun[1:], whom))
	if err != nil || !s.isNew {
		return text, err
	}
	again, err := s.prompt(ctx, a, tty, "Repeat it: ")
	if err == nil && again != text {
		err = fmt.Errorf("the two %ss differ", s.noun)
	}
	return text, err
}

// prompt reads a line from the terminal without echo. While it waits, signals from the keyboard only
// end the wait, so that the terminal is restored before the process stops.
func (s *secretFlags) prompt(ctx context.Context, a *app, tty *os.File, question string) (string, error) {
	fd := int(tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGQUIT)
	defer stop()
	suspended := make(chan os.Signal, 1)
	signal.Notify(suspended, syscall.SIGTSTP)
	defer signal.Stop(suspended)
	_, _ = fmt.Fprint(a.stderr, question)
	typed, err := terminal.Await(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	_, _ = fmt.Fprintln(a.stderr) // the line end was not echoed either
	if ctx.Err() != nil {         // the read lasts until the process ends
		return "", errors.Join(errInterrupted, term.Restore(fd, state))
	}
	if err != nil {
		return "", err
	}
	return secret.Line(string(typed), "what was typed")
}
