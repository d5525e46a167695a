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

// secretFlags are the ways in which a secret may come to a command. A flag that holds it is not among them: command lines are
// seen by others, and kept.
type secretFlags struct {
	noun  string // password, key
	isNew bool   // it is set by the call: a prompt asks twice
	file  string // - is standard input
}

func newSecretFlags(command *cobra.Command, noun string, isNew bool) *secretFlags {
	s := &secretFlags{noun: noun, isNew: isNew}
	command.Flags().StringVar(&s.file, noun+"-file", "", "file that holds the "+noun+" alone, - for standard input (default: ask for it on the terminal)")
	return s
}

// ask asks for the secret of the action's first argument. In a dry run that names no source it is a made-up one, which nothing shows.
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
	again, err := s.prompt(ctx, a, tty, "The same again: ")
	if err == nil && again != text {
		err = fmt.Errorf("the two %ss differ", s.noun)
	}
	return text, err
}

// prompt reads a line from the terminal, which does not show it. While it waits, every signal that ends a process from a keyboard
// only ends the wait, and none stops it: the terminal has to show again what is typed.
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
	_, _ = fmt.Fprintln(a.stderr) // the line end was not shown either
	if ctx.Err() != nil {         // the read goes on until the process ends
		return "", errors.Join(errInterrupted, term.Restore(fd, state))
	}
	if err != nil {
		return "", err
	}
	return secret.Line(string(typed), "what was typed")
}
