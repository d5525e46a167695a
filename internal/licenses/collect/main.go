// Collect writes the licences of all software that the collector contains: Go modules, the chart library and the engine.
package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: collect REPOSITORY FILE")
		os.Exit(2)
	}
	text, err := collect(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

// uplot is the licence in uPlot's package, which this repository does not hold.
//
//go:embed uplot.txt
var uplot string

const preface = `Licences of the software that the collector contains

The collector itself is licensed under the Apache License 2.0, see LICENSE. It contains the software below. Whether
charts and engine are part of yours depends on how it was built; collector version names the engine.

The engine, libchdb, is ClickHouse as a library. It carries the licences of its own parts:

    collector sql 'SELECT library_name, license_type, license_text FROM system.licenses'
`

// licence is one text and the software that comes under it.
type licence struct {
	text     string
	software []string
}

// collect returns the page for the repository in folder root.
func collect(root string) ([]byte, error) {
	charts, err := pinned(root, "web/fetch.sh", `(?m)^fetch uplot (\S+) `)
	if err != nil {
		return nil, err
	}
	engine, err := pinned(root, "sink/engine/fetch.sh", `(?m)^version=(\S+)$`)
	if err != nil {
		return nil, err
	}
	modules, err := modules(root)
	if err != nil {
		return nil, err
	}
	all := add(nil, uplot, []string{"uPlot " + charts})
	for _, m := range modules {
		name, dir, _ := strings.Cut(m, "\t")
		texts, err := texts(dir)
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 {
			return nil, fmt.Errorf("%s has no licence in %s", name, dir)
		}
		software := []string{name}
		switch { // of the same authors, under the same texts
		case strings.HasPrefix(name, "github.com/ClickHouse/clickhouse-go/"):
			software = append(software, "libchdb "+engine)
		case strings.HasPrefix(name, "golang.org/x/sys "):
			software = append(software, "The Go standard library")
		}
		for _, text := range texts {
			all = add(all, text, software)
		}
	}
	var page bytes.Buffer
	page.WriteString(preface)
	for _, l := range all {
		fmt.Fprintf(&page, "\n%s\n\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(l.software, "\n"), l.text)
	}
	return page.Bytes(), nil
}

func add(all []licence, text string, software []string) []licence {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	for i, l := range all {
		if l.text == text {
			all[i].software = append(l.software, software...)
			return all
		}
	}
	return append(all, licence{text, software})
}

// modules lists the modules that a release is built from, each with its version, a tab, and its folder.
func modules(root string) ([]string, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/collector")
	list.Dir = root
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return slices.DeleteFunc(slices.Compact(lines), func(line string) bool { return line == "" }), nil
}

var names = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\.|$)`)

// texts are the licences and notices in the folder of a module.
func texts(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		if e.IsDir() || !names.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, string(text))
	}
	return all, nil
}

// pinned is the version that a script of the repository fetches.
func pinned(root, script, pattern string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, script))
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(pattern).FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s names no version", script)
	}
	return string(m[1]), nil
}
