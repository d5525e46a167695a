// Command mutants shows that the simulation can fail: it breaks the collector in one deliberate way after another and wants each
// break to be caught. The sources stay as they are; the compiler is given the broken ones instead.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() { os.Exit(run()) }

func run() int {
	seeds := flag.Int("seeds", 400, "how many seeds may be simulated until one has to fail")
	only := flag.String("only", "", "break only what has this name")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	caught, tried := 0, 0
	for _, m := range mutants {
		if *only != "" && m.name != *only {
			continue
		}
		tried++
		started := time.Now()
		by, err := m.try(ctx, dir, *seeds)
		if err != nil {
			fmt.Printf("MISSED  %s: %v\n", m.name, err)
			continue
		}
		caught++
		fmt.Printf("caught  %s, by %s, in %s\n", m.name, by, time.Since(started).Round(time.Second))
	}
	if tried == 0 {
		fmt.Fprintf(os.Stderr, "no mutant is called %q\n", *only)
		return 2
	}
	fmt.Printf("%d of %d mutants caught\n", caught, tried)
	if caught != tried {
		return 1
	}
	return 0
}

// try simulates with the break and tells what caught it.
func (m *mutant) try(ctx context.Context, dir string, seeds int) (caughtBy string, err error) {
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	by := m.by
	arguments := []string{"-test.timeout", "10m"}
	judged := failedTest
	if by == (scene{}) {
		by = scene{"reliability", "^(TestRejectedByAWrongClock|TestSimulation)$"}
		arguments = append(arguments, fmt.Sprintf("-seeds=%d", seeds), "-events=1")
		judged = judgedSeed
	}
	binary := filepath.Join(dir, "scene")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", overlay, "-o", binary, "./"+by.folder)
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not build, so it shows nothing: %w\n%s", err, text)
	}
	play := exec.CommandContext(ctx, binary, append(arguments, "-test.run", by.tests)...)
	play.Dir = by.folder
	var out bytes.Buffer
	play.Stdout, play.Stderr = &out, &out
	err = play.Run()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		return "", errors.Join(fmt.Errorf("%s found nothing wrong", by.tests), err)
	}
	if found := judged.FindSubmatch(out.Bytes()); found != nil {
		return string(bytes.Join(found[1:], nil)), nil
	}
	return "", fmt.Errorf("%s failed, but judged nothing:\n%s", by.tests, tail(out.String()))
}

var (
	// judgedSeed finds what the simulation says of a seed, which test failed, or that a goroutine was left over.
	judgedSeed = regexp.MustCompile(`(seed \d+: [a-z]+):|--- FAIL: (TestRejected\w+)|(deadlock): main bubble goroutine has exited`)
	failedTest = regexp.MustCompile(`--- FAIL: (Test\S+)`)
)

// tail is the end of text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

// overlay writes the broken sources beside the true ones and returns the file that tells the go command of them.
func (m *mutant) overlay(dir string) (string, error) {
	broken := map[string]string{} // text by path
	for _, e := range m.edits {
		path, err := filepath.Abs(e.file)
		if err != nil {
			return "", err
		}
		if _, read := broken[path]; !read {
			text, err := os.ReadFile(path)
			if err != nil {
				return "", err
			}
			broken[path] = string(text)
		}
		if n := strings.Count(broken[path], e.old); n != 1 {
			return "", fmt.Errorf("%s holds %d times what is to be broken; bring the mutant up to date:\n%s", e.file, n, e.old)
		}
		broken[path] = strings.Replace(broken[path], e.old, e.new, 1)
	}
	replace := map[string]string{}
	for path, text := range broken {
		replace[path] = filepath.Join(dir, strings.ReplaceAll(filepath.Base(filepath.Dir(path))+"-"+filepath.Base(path), string(filepath.Separator), "-"))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}
