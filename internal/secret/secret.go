// Package secret reads, checks and holds secrets from files, configuration keys, the environment,
// pipes and prompts. An invisible character would be sent as part of the secret, and the vendor
// would only answer that the login is wrong.
package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// Largest is the maximum size of a secret in bytes, far above that of any key. A longer file was
// named by mistake.
const Largest = 64 << 10

// File is the content of a secret's file.
type File struct {
	Text string
	// Exposed means that every user of this machine can read the file.
	Exposed bool
}

// ReadFile reads a file that holds only a secret. Line ends after the secret are removed. Errors
// name the file.
func ReadFile(path string) (File, error) {
	info, err := os.Stat(path) // before opening: opening a pipe waits for its writer
	if err != nil {
		return File{}, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	if info.Mode()&os.ModeDevice != 0 || info.Size() > Largest && info.Mode().IsRegular() {
		return File{}, fmt.Errorf("%s is not a file that holds a secret", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	defer func() { _ = f.Close() }() // opened for reading only
	text, err := Read(f, path)
	return File{text, info.Mode().Perm()&0o004 != 0}, err
}

// Read reads a secret and nothing else from r. Line ends after the secret are removed. Errors name
// from.
func Read(r io.Reader, from string) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, Largest+1))
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", from, cause(err))
	}
	return Line(string(text), from)
}

// Line removes line ends from the end of text and checks the rest. Errors name from.
func Line(text, from string) (string, error) {
	text = trimLineEnds(text)
	switch before, _, several := strings.Cut(text, "\n"); {
	case text == "":
		return "", fmt.Errorf("%s is empty; it has to hold the secret alone", from)
	case len(text) > Largest:
		return "", fmt.Errorf("%s is longer than %d bytes, so it is not a secret", from, Largest)
	case several && Check(strings.TrimSuffix(before, "\r")) == nil:
		return "", fmt.Errorf("%s has several lines; it has to hold the secret alone", from)
	}
	if err := Check(text); err != nil {
		return "", fmt.Errorf("%s %w", from, err)
	}
	return text, nil
}

func trimLineEnds(text string) string {
	for {
		line, found := strings.CutSuffix(text, "\n")
		if !found {
			return text
		}
		text = strings.TrimSuffix(line, "\r")
	}
}

// Check returns what is wrong with a secret or a login name: an invisible character, a byte that is
// not UTF-8, or blanks or quotes around it. The error gives the position and shows nothing else of
// the text. Empty text is valid.
func Check(text string) error {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		atEnds := r == ' ' && (at == 0 || strings.Trim(text[at:], " ") == "")
		switch name := Name(r); {
		case r == utf8.RuneError && size == 1:
			return fmt.Errorf("is not UTF-8: it has the byte 0x%02X at %s; save it as UTF-8", text[at], place(text, at))
		case name != "":
			return fmt.Errorf("has %s (%U) at %s, which is invisible; remove it", name, r, place(text, at))
		case atEnds:
			return fmt.Errorf("has a space at its start or end, at %s; remove it", place(text, at))
		}
		at += size
	}
	if open, ok := quoted(text); ok {
		return fmt.Errorf("is in quotes (%s at line 1, byte 1); remove them, or they would be part of it", open)
	}
	return nil
}

func place(text string, at int) string {
	before := text[:at]
	return fmt.Sprintf("line %d, byte %d", 1+strings.Count(before, "\n"), at-strings.LastIndexByte(before, '\n'))
}

// quotes has pairs that programs and people put around a text.
var quotes = []string{`""`, `''`, "``", "“”", "„“", "„”", "‘’", "‚‘", "«»", "»«"}

func quoted(text string) (open string, ok bool) {
	for _, pair := range quotes {
		_, size := utf8.DecodeRuneInString(pair)
		if strings.HasPrefix(text, pair[:size]) && strings.HasSuffix(text, pair[size:]) && len(text) >= len(pair) {
			return pair[:size], true
		}
	}
	return "", false
}

// cause returns the system's error without the path, which the caller's message names.
func cause(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
