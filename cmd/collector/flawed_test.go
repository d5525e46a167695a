package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestFlawedPasswordsAreNotSent: a vendor would store another password than the user means.
func TestFlawedPasswordsAreNotSent(t *testing.T) {
	s := newStand(t)
	command := add[:len(add)-2] // without its --password-file
	sent := func() (n int) {
		for _, v := range s.vendors {
			n += len(v.Stats().Log)
		}
		return n
	}
	for password, want := range map[string]string{
		"\xfeifre-123":                "is not UTF-8: it has the byte 0xFE at line 1, byte 1",
		"parola\xe7":                  "is not UTF-8: it has the byte 0xE7 at line 1, byte 7",
		"\ufeff" + newPassword:        "a byte order mark (U+FEFF) at line 1, byte 1",
		newPassword + "\u00a0":        "a no-break space (U+00A0)",
		newPassword + "\u200b":        "a zero-width space (U+200B)",
		"\u202d" + newPassword:        "a left-to-right override (U+202D)",
		newPassword + "\x00":          "NUL (U+0000)",
		"  " + newPassword:            "a space at its start or end, at line 1, byte 1",
		"'" + newPassword + "'":       "is in quotes (' at line 1, byte 1)",
		newPassword + "\r\r\n":        "a carriage return (U+000D)",
		newPassword + "\nsecond line": "has several lines",
	} {
		file := write(t, "password", password+"\n")
		for source, got := range map[string]outcome{
			"file":           s.run("", append(command[:len(command):len(command)], "--password-file", file)...),
			"standard input": s.run(password+"\n", append(command[:len(command):len(command)], "--password-file", "-")...),
		} {
			if got.code != exitUsage || !strings.Contains(got.stderr, want) || got.stdout != "" || strings.Contains(got.stderr, newPassword) {
				t.Errorf("%q by %s: %+v\nwant %s", password, source, got, want)
			}
		}
	}
	for typed, want := range map[string]string{"\xfeifre\n": "is not UTF-8", newPassword + "\u00a0\n": "a no-break space", "\u200b\n": "a zero-width space"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		got, _ := s.asked(ctx, &answers{lines: []string{typed}}, command)
		cancel()
		if got.code != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%q typed: %+v", typed, got)
		}
	}
	if n := sent(); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}
