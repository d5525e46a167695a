// Package house tests the rules of this repository that the compiler does not check: which package
// may import which, how long a file may be, how packages are documented, and how texts are worded.
package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"alpemix-collector/reseller"
	"alpemix-collector/reseller/vendors"
)

const module = "alpemix-collector"

// layers lists for each package which of our packages it may import: only ones of lower layers.
// Tests may import all. reseller/VENDOR means the package of each reseller vendor.
var layers = map[string][]string{
	"cmd/collector":             {"*"},
	"internal/config":           {"internal/secret", "report", "reseller", "reseller/vendors", "vendorhttp", "web"},
	"internal/secret":           {},
	"internal/terminal":         {},
	"internal/statedir":         {"internal/config", "internal/durable"},
	"internal/version":          {},
	"internal/demo":             {"internal/config", "internal/daemon", "internal/importer", "parser", "report", "reseller", "simulator", "simulator/reseller", "store"},
	"internal/daemon":           {"collector", "collector/alpemix", "internal/config", "internal/database", "pacing", "report", "reseller", "reseller/vendors", "reseller/webhook", "sink", "sink/engine", "spool", "store", "vendorhttp", "web", "internal/version", "internal/durable"},
	"internal/database":         {"internal/config", "internal/statedir", "keyring", "migrations", "report", "reseller/vendors", "sink", "sink/engine"},
	"internal/importer":         {"internal/durable", "internal/terminal", "pacing", "parser", "report", "sink"},
	"internal/clients":          {},
	"internal/config/reference": {"internal/config"},
	"collector":                 {"pacing", "parser", "report"},
	"web":                       {"internal/clients", "internal/secret", "report"},
	"collector/alpemix":         {"pacing", "parser", "report", "vendorhttp"},
	"reseller":                  {"internal/secret", "pacing", "report", "reseller/action"},
	"reseller/action":           {"internal/secret", "internal/terminal", "report"},
	"reseller/vendors":          {"reseller", "reseller/VENDOR"},
	"reseller/webhook":          {"internal/secret", "report", "vendorhttp"},
	"reseller/VENDOR":           {"internal/secret", "keyring", "report", "reseller", "reseller/action", "reseller/wire", "vendorhttp"},
	"reseller/wire":             {"report", "vendorhttp"},
	"vendorhttp":                {"report"},
	"vendorhttp/vendortest":     {"report", "vendorhttp"},
	"sink":                      {"report", "migrations"},
	"sink/engine":               {"internal/clients", "internal/durable", "pacing"},
	"sink/enginetest":           {"sink/engine"},
	"internal/durable":          {},
	"keyring":                   {"internal/durable", "internal/secret"},
	"spool":                     {"internal/durable", "report"},
	"store":                     {"internal/durable", "report"},
	"pacing":                    {"report"},
	"parser":                    {"report"},
	"internal/licenses":         {},
	"internal/licenses/collect": {},
	"internal/growth":           {},
	"parser/internal/quirkdoc":  {"parser"},
	"migrations":                {},
	"rules":                     {},
	"rules/prometheustest":      {},
	"dashboards":                {},
	"dashboards/internal/draw":  {"migrations", "reseller/vendors"},
	"dashboards/grafana":        {"dashboards", "vendorhttp"},
	"report":                    {},
	"simulator":                 {"report"},
	"simulator/reseller":        {"report", "simulator"},
	"compose":                   {},
	"reliability":               {},
	"reliability/mutants":       {},
}

// forbidden lists folder names that say nothing about their content, and one that the go command
// uses.
var forbidden = []string{"vendor", "util", "utils", "common", "helpers", "misc"}

const longestFile = 400

type source struct {
	path   string
	folder string
	text   []byte
	file   *ast.File
}

func (s *source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func sources(t *testing.T) []*source {
	t.Helper()
	var all []*source
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != "." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			if slices.Contains(forbidden, entry.Name()) {
				t.Errorf("%s: a folder may not be called %s", path, entry.Name())
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, &source{path, filepath.ToSlash(filepath.Dir(path)), text, file})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files found", len(all))
	}
	return all
}

// inLayers returns the name of a package in layers.
func inLayers(folder string) string {
	if name, ok := strings.CutPrefix(folder, "reseller/"); ok && slices.ContainsFunc(vendors.All, func(v *reseller.Vendor) bool { return v.Name == name }) {
		return "reseller/VENDOR"
	}
	return folder
}

func TestHouseLayers(t *testing.T) {
	for _, s := range sources(t) {
		allowed, known := layers[inLayers(s.folder)]
		if !known && s.folder != "." {
			t.Errorf("%s: package %s has no layer; give it one in house_test.go and in docs/architecture.md", s.path, s.folder)
		}
		if s.isTest() {
			continue
		}
		for _, path := range imports(s.file) {
			ours, isOurs := strings.CutPrefix(path, module+"/")
			if isOurs && !slices.Contains(allowed, "*") && !slices.Contains(allowed, inLayers(ours)) {
				t.Errorf("%s imports %s; its layer allows %q", s.path, ours, allowed)
			}
			if isOurs && strings.HasSuffix(ours, "test") && !strings.HasSuffix(s.folder, "test") {
				t.Errorf("%s imports %s, which is for tests", s.path, ours)
			}
		}
	}
}

func imports(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, path)
		}
	}
	return paths
}

// TestHouseParserIsPure: the parser reads a record the same way at any time and in any place.
func TestHouseParserIsPure(t *testing.T) {
	impure := []string{"os", "net", "log", "syscall", "math/rand", "crypto/rand", "bufio"}
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc", "LoadLocation"}
	for _, s := range sources(t) {
		if s.folder != "parser" || s.isTest() {
			continue
		}
		for _, path := range imports(s.file) {
			root, _, _ := strings.Cut(path, "/")
			if slices.Contains(impure, path) || slices.Contains(impure, root) {
				t.Errorf("%s imports %s", s.path, path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.SelectorExpr); ok {
				if from, ok := call.X.(*ast.Ident); ok && from.Name == "time" && slices.Contains(clock, call.Sel.Name) {
					t.Errorf("%s uses time.%s", s.path, call.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestHouseFiles(t *testing.T) {
	for _, s := range sources(t) {
		if lines := bytes.Count(s.text, []byte("\n")); lines > longestFile {
			t.Errorf("%s has %d lines; the limit is %d", s.path, lines, longestFile)
		}
		for _, mark := range []string{"TO" + "DO", "FIX" + "ME"} {
			for _, group := range s.file.Comments {
				if strings.Contains(group.Text(), mark) {
					t.Errorf("%s: %s in a comment; do it, or open an issue", s.path, mark)
				}
			}
		}
	}
}

func TestHousePackagesOpenWithASentence(t *testing.T) {
	sentences := map[string]int{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		sentences[s.folder] += 0
		doc := s.file.Doc.Text()
		if doc == "" {
			continue
		}
		sentences[s.folder]++
		opening := "Package " + s.file.Name.Name + " "
		if s.file.Name.Name == "main" { // either form is common
			doc = strings.TrimPrefix(doc, "Command ")
			opening = filepath.Base(s.folder) + " "
		}
		if !strings.HasPrefix(strings.ToLower(doc), strings.ToLower(opening)) || !strings.Contains(doc, ".") {
			t.Errorf("%s: the package comment must be a sentence that starts with %q", s.path, opening)
		}
	}
	for folder, n := range sentences {
		if n != 1 {
			t.Errorf("%s: %d files have a package comment; exactly one must", folder, n)
		}
	}
}
