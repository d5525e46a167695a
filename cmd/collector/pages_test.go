package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	shell = regexp.MustCompile("(?s)```sh\n(.*?)```")
	span  = regexp.MustCompile("`[^`\n]+`")
	// invocation is a command line of ours, at the start of a line of a block or in a span of code.
	invocation = regexp.MustCompile("(?m)(?:^|`)(?:bin/|docker compose exec collector )?collector ([a-z-][^`\n]*)")
	flagName   = regexp.MustCompile(`^--([a-z-]+)`)
)

// TestPagesNameCommandsThatExist: what a page says to run is a command that exists, with flags that it has.
func TestPagesNameCommandsThatExist(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	checked := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var lines [][]string
		for _, block := range shell.FindAllStringSubmatch(string(text), -1) {
			lines = append(lines, invocation.FindAllStringSubmatch(block[1], -1)...)
		}
		for _, code := range span.FindAllString(shell.ReplaceAllString(string(text), ""), -1) {
			lines = append(lines, invocation.FindAllStringSubmatch(code, -1)...)
		}
		for _, m := range lines {
			line, _, _ := strings.Cut(m[1], " #")
			line, _, _ = strings.Cut(line, " | ")
			words := strings.Fields(line)
			root := (&app{}).root()
			root.InitDefaultCompletionCmd()
			c, _, err := root.Find(words)
			if err != nil || c == root && !strings.HasPrefix(words[0], "-") {
				t.Errorf("%s: there is no command collector %s", page, line)
				continue
			}
			for _, word := range words {
				if flag := flagName.FindStringSubmatch(word); flag != nil && c.Flag(flag[1]) == nil && flag[1] != "help" {
					t.Errorf("%s: collector %s: %s has no flag --%s", page, line, c.CommandPath(), flag[1])
				}
			}
			checked++
		}
	}
	if checked < 60 {
		t.Errorf("only %d command lines found", checked)
	}
}
