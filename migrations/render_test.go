package migrations

import (
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with the file, or rewrites it with -update; it never creates one.
func golden(t *testing.T, file, got string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-file +now), rewrite it with: go test ./migrations -update\n%s", file, diff)
	}
}

// rendered returns all SQL for target, as a plan for an empty server.
func rendered(t *testing.T, target Target) string {
	t.Helper()
	s, err := New(target)
	if err != nil {
		t.Fatal(err)
	}
	st := store{target}
	out := s.databaseSQL() + ";\n" + st.createSQL() + ";\n" + st.insertSQL(0) + ";\n"
	for _, v := range s.versions {
		text, err := fs.ReadFile(s.fsys, v.file)
		if err != nil {
			t.Fatal(err)
		}
		out += withoutAnnotations(string(text)) + st.insertSQL(v.version) + ";\n"
	}
	return out
}

func TestClusterSQL(t *testing.T) {
	golden(t, "testdata/cluster.sql", rendered(t, Target{Database: "alpemix", Cluster: "main"}))
}

// Every statement creates its object on all nodes, and every table is replicated.
func TestClusterReachesEveryNode(t *testing.T) {
	sql := rendered(t, Target{Database: "alpemix", Cluster: "main"})
	for statement := range strings.SplitSeq(sql, ";\n") {
		head, _, _ := strings.Cut(statement[max(strings.Index(statement, "CREATE"), 0):], "\n")
		if strings.HasPrefix(head, "CREATE") && !strings.Contains(head, "ON CLUSTER 'main'") {
			t.Errorf("stays on one node: %s", head)
		}
		if strings.HasPrefix(head, "CREATE TABLE") && !strings.Contains(statement, "ENGINE = Replicated") {
			t.Errorf("is not replicated: %s", head)
		}
	}
}

// A statement that failed halfway can be run again.
func TestEveryStatementMayRunTwice(t *testing.T) {
	for _, target := range []Target{{Database: "a"}, {Database: "a", Cluster: "{cluster}"}} {
		for line := range strings.Lines(rendered(t, target)) {
			for _, verb := range []string{"CREATE ", "DROP ", "ADD ", "RENAME "} {
				if strings.HasPrefix(line, verb) && !strings.Contains(line, "IF NOT EXISTS") && !strings.Contains(line, "IF EXISTS") {
					t.Errorf("cannot run twice: %s", line)
				}
			}
		}
	}
}

func TestNamesAreChecked(t *testing.T) {
	for _, target := range []Target{
		{}, {Database: "1a"}, {Database: "a b"}, {Database: "a;b"}, {Database: "a`"}, {Database: "ş"},
		{Database: "a", Cluster: "x'y"}, {Database: "a", Cluster: "a b"}, {Database: "a", Cluster: "{a}{b}"},
	} {
		if _, err := New(target); err == nil {
			t.Errorf("%+v is taken", target)
		}
	}
}
