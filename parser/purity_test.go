package parser

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources parses the package's files but its tests.
func sources(t *testing.T) (files []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// TestPurity keeps clock, log, files and network out of the package: the same bytes always mean the same connections.
func TestPurity(t *testing.T) {
	pure := []string{
		"alpemix-collector/report", "bytes", "encoding/binary", "errors", "fmt", "io", "math", "math/bits", "mime", "slices",
		"strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8", "github.com/cespare/xxhash/v2",
	}
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "LoadLocation", "Local"}
	for _, f := range sources(t) {
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if !slices.Contains(pure, path) && !strings.HasPrefix(path, "golang.org/x/text/") {
				t.Errorf("imports %s", path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, sel.Sel.Name) {
					t.Errorf("uses time.%s", sel.Sel.Name)
				}
			}
			return true
		})
	}
}

// quirkConstants are the values of the constants named quirk….
func quirkConstants(t *testing.T) (names []string) {
	t.Helper()
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "quirk") && len(v.Values) == 1 {
				if lit, ok := v.Values[0].(*ast.BasicLit); ok {
					name, _ := strconv.Unquote(lit.Value)
					names = append(names, name)
				}
			}
			return true
		})
	}
	slices.Sort(names)
	return names
}
