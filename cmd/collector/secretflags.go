package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"alpemix-collector/vendorhttp"
)

// largestSecret is far above any password; more was named by mistake.
const largestSecret = 64 << 10

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

// secret asks e's user for the secret of whom. In a dry run that names no source it is a made-up one, which nothing shows.
func secret[C any](ctx context.Context, e *errand[C], s *secretFlags, whom string) (vendorhttp.Secret, error) {
	if e.dryRun && s.file == "" {
		return vendorhttp.NewSecret(rand.Text()[:20]), nil
	}
	text, err := s.read(ctx, e.app, whom)
	if err != nil && ctx.Err() == nil {
		err = e.misused(err)
	}
	return vendorhttp.NewSecret(text), err
}

func (s *secretFlags) read(ctx context.Context, a *app, whom string) (string, error) {
	terminal, isTerminal := terminalOf(a.stdin)
	switch {
	case s.file == "-":
		return s.readAll(a.stdin, "standard input")
	case s.file != "":
		f, err := os.Open(s.file)
		if err != nil {
			return "", fmt.Errorf("--%s-file %s: %w", s.noun, s.file, bare(err))
		}
		defer func() { _ = f.Close() }()
		return s.readAll(f, "--"+s.noun+"-file "+s.file)
	case !isTerminal:
		return "", fmt.Errorf("the %s is missing: give --%s-file (- is standard input), or run it on a terminal", s.noun, s.noun)
	}
	text, err := s.prompt(ctx, a, terminal, fmt.Sprintf("%s of %s: ", strings.ToUpper(s.noun[:1])+s.noun[1:], whom))
	if err != nil || !s.isNew {
		return text, err
	}
	again, err := s.prompt(ctx, a, terminal, "The same again: ")
	if err == nil && again != text {
		err = fmt.Errorf("the two %ss differ", s.noun)
	}
	return text, err
}

func (s *secretFlags) readAll(r io.Reader, from string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, largestSecret+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", from, bare(err))
	}
	return s.clean(string(text), from)
}

// clean takes the line end off. What holds several lines is not a secret alone.
func (s *secretFlags) clean(text, from string) (string, error) {
	text = strings.TrimRight(text, "\r\n")
	switch {
	case text == "":
		return "", fmt.Errorf("%s is empty; it has to hold the %s alone", from, s.noun)
	case len(text) > largestSecret:
		return "", fmt.Errorf("%s is longer than %d bytes; it has to hold the %s alone", from, largestSecret, s.noun)
	case strings.ContainsAny(text, "\r\n"):
		return "", fmt.Errorf("%s has several lines; it has to hold the %s alone", from, s.noun)
	}
	return text, nil
}

// prompt reads a line from the terminal, which does not show it.
func (s *secretFlags) prompt(ctx context.Context, a *app, terminal *os.File, question string) (string, error) {
	fd := int(terminal.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprint(a.stderr, question)
	type line struct {
		text []byte
		err  error
	}
	typed := make(chan line, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		typed <- line{text, err}
	}()
	defer func() { _, _ = fmt.Fprintln(a.stderr) }() // the line end was not shown either
	select {
	case l := <-typed:
		if l.err != nil {
			return "", l.err
		}
		return s.clean(string(l.text), "what was typed")
	case <-ctx.Done(): // the read goes on until the process ends; the terminal has to show again what is typed
		return "", errors.Join(ctx.Err(), term.Restore(fd, state))
	}
}
