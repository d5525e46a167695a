package dashboards_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	metricName = regexp.MustCompile(`^(alpemix|reseller|sink|collector)_[a-z_]+$`)
	metricUse  = regexp.MustCompile(`\b(?:alpemix|reseller|sink|collector)_[a-z_]+`)
	labelUse   = regexp.MustCompile(`by \(([a-z, ]+)\)|([a-z]+)=~?"`)
)

// TestMetricsExist: the code creates every metric in a query, in a file that has the labels that
// the query uses.
func TestMetricsExist(t *testing.T) {
	made := metrics(t)
	if len(made) < 20 {
		t.Fatalf("only %d metrics were found", len(made))
	}
	used := 0
	for _, d := range read(t) {
		for _, p := range d.drawn() {
			for _, q := range p.Targets {
				for _, name := range metricUse.FindAllString(q.Expr, -1) {
					used++
					labels, found := made[name]
					if !found {
						t.Errorf("%s: %s: there is no metric %s", d.UID, p.Title, name)
						continue
					}
					for _, match := range labelUse.FindAllStringSubmatch(q.Expr, -1) {
						for _, label := range strings.Split(match[1]+match[2], ", ") {
							if !slices.Contains(labels, label) {
								t.Errorf("%s: %s: %s has no label %s", d.UID, p.Title, name, label)
							}
						}
					}
				}
			}
		}
	}
	if used < 10 {
		t.Errorf("only %d metrics are used", used)
	}
}

// metrics returns the names of all metrics, each with the words of its file, which include its
// labels.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	made := map[string][]string{}
	for _, folder := range []string{"collector", "reseller", "internal/daemon", "web", "sink"} {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					if word, err := strconv.Unquote(literal.Value); err == nil {
						words = append(words, word)
					}
				}
				return true
			})
			for _, word := range words {
				if metricName.MatchString(word) {
					made[word] = words
				}
			}
		}
	}
	return made
}
