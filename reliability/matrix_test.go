package reliability_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the fault matrix into docs/reliability.md")

// shown is a row of the matrix that tests elsewhere show, with real processes, the real engine or a real disk.
type shown struct {
	part, name, see string
	kept            kept
	tests           []string // "folder TestName"
}

const matrixPage = "../docs/reliability.md"

// TestMatrixIsUpToDate keeps the table of docs/reliability.md equal to what is played and shown.
func TestMatrixIsUpToDate(t *testing.T) {
	page, err := os.ReadFile(matrixPage)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- fault matrix: go test ./reliability -run TestMatrixIsUpToDate -update -->\n", "<!-- end of the fault matrix -->\n"
	before, rest, found := strings.Cut(string(page), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has lost the marks around the matrix", matrixPage)
	}
	want := before + begin + "\n" + matrix(t) + "\n" + end + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the tests play: run go test ./reliability -run TestMatrixIsUpToDate -update", matrixPage)
	}
	if err := os.WriteFile(matrixPage, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// matrix is the table in Markdown, a section for each part.
func matrix(t *testing.T) string {
	var b strings.Builder
	part := ""
	row := func(of, name, see string, kept kept, by string) {
		if of != part {
			part = of
			fmt.Fprintf(&b, "\n### %s\n\n| fault | what you see | what is kept | shown by |\n|---|---|---|---|\n", part)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, see, kept, by)
	}
	for _, f := range faults() {
		row(f.part, f.name, f.see(), f.kept, "`TestFaults`")
		for _, s := range shownElsewhere {
			if s.part == f.part && isLast(f) {
				row(s.part, s.name, s.see, s.kept, s.by(t))
			}
		}
	}
	for _, s := range shownElsewhere {
		if !isPlayed(s.part) {
			row(s.part, s.name, s.see, s.kept, s.by(t))
		}
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// isLast tells whether f is the last of its part that is played.
func isLast(f fault) bool {
	last := ""
	for _, other := range faults() {
		if other.part == f.part {
			last = other.name
		}
	}
	return last == f.name
}

func isPlayed(part string) bool {
	for _, f := range faults() {
		if f.part == part {
			return true
		}
	}
	return false
}

// see is what somebody who looks notices.
func (f *fault) see() string {
	var all []string
	if f.metric != "" {
		all = append(all, "`"+f.metric+"` rises")
	}
	if f.log != "" {
		all = append(all, "log: “"+f.log+"”")
	}
	if f.quiet() {
		return "nothing: the collector handles it"
	}
	return strings.Join(all, "; ")
}

// quiet tells whether nobody has to look.
func (f *fault) quiet() bool { return f.metric == "" && f.log == "" }

// by names the tests, which have to exist.
func (s *shown) by(t *testing.T) string {
	var names []string
	for _, test := range s.tests {
		folder, name, _ := strings.Cut(test, " ")
		if !declared(t, folder, name) {
			t.Errorf("the matrix names %s in %s, which is not there", name, folder)
		}
		names = append(names, "`"+name+"`")
	}
	return strings.Join(names, ", ")
}

func declared(t *testing.T, folder, name string) bool {
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == name {
				return true
			}
		}
	}
	return false
}

// keptAck is what a crash leaves of ClickHouse and the state file.
const keptAck kept = "everything that was read; what was being read is read again"

// shownElsewhere are the rows that need more than a simulation.
var shownElsewhere = []shown{
	{"The vendor", "a record that cannot be read", "`alpemix_rows_total{outcome=\"quarantined\"}` rises; `collector quarantine list` shows it with its reason", "its text, in quarantine; its neighbours are stored", []string{"internal/importer TestIngestQuarantinesInParts", "parser TestDamageStaysInItsRecord", "collector TestADefectInTheParserCostsOneRecord"}},
	{"The vendor", "an answer of any bytes at all", "`alpemix_request_failures_total` rises with the reason", keptAll, []string{"parser FuzzSplit", "parser FuzzParse", "collector/alpemix TestAnswersThatAreNoReport"}},
	{"ClickHouse", "unreachable for two days", "`sink_queue_rows` grows and `sink_queue_oldest_timestamp_seconds` stands still", keptAll, []string{"collector TestClickHouseAwayForTwoDays", "collector TestClickHouseAwayOverMidnightIsNoGap"}},
	{"ClickHouse", "the embedded engine is killed", "log: “the embedded ClickHouse engine died and is started again”", keptAll, []string{"cmd/collector TestKilledAtRandomMoments", "sink TestEngineKilled", "sink/engine TestKilledUnderLoad"}},
	{"ClickHouse", "its database was dropped, or restored empty", "log: “another database than before”; `alpemix_findings_total{finding=\"other_database\"}` rises; days whose connections are gone are gaps", "what the collector knows, and what Alpemix still serves; older rows have to be imported", []string{"cmd/collector TestTargetMakesTheSchemaAgain", "cmd/collector TestAnEmptiedClickHouse", "collector TestStateAndClickHouseOfDifferentAge"}},
	{"This machine", "power loss", "nothing, or at the next start: the state file is damaged", keptAck, []string{"store TestPowerLossAmidATransaction", "store TestTransactionsWaitForTheDisk", "sink TestWhatIsAcknowledgedIsOnDisk", "sink TestEveryTableIsDurable"}},
	{"This machine", "the state file is deleted while the collector runs", "log: “the state file is gone”; nothing is asked until the collector is restarted", keptAll, []string{"store TestFileDeletedWhileOpen"}},
	{"This machine", "the state file or ClickHouse is an older copy", "log: “not of the same age”, or “knows more of these days”", "every day's state; connections that only the lost copy held and Alpemix no longer serves have to be imported", []string{"collector TestStateAndClickHouseOfDifferentAge"}},
	{"The configuration", "an account gets another name, also when the state file is lost", "log: “an account has another name in the configuration”", keptAll, []string{"collector TestRenamedAccount", "cmd/collector TestRenamedAccounts", "cmd/collector TestRenamedResellersWithoutAStateFile"}},
	{"This machine", "the state file is damaged", "the start fails with one line that says what to do", "the file, untouched; without it everything that can still be read is read again", []string{"store TestDamageIsAnErrorAndNoCrash"}},
	{"The process", "`kill -9` of daemon, engine or both, under load", "nothing", keptAck, []string{"cmd/collector TestKilledAtRandomMoments"}},
	{"The process", "killed at every statement to ClickHouse, from the first start on; ClickHouse killed at it", "nothing", keptAck, []string{"cmd/collector TestKilledAtEveryStatement", "cmd/collector TestClickHouseKilledAtAnInsert"}},
	{"The process", "`collector import` changes stored connections of yesterday, or adds some to a day that is over", "`days.rows` rises", "everything; the next answer of Alpemix counts", []string{"collector TestAnImportOpensNoDay", "cmd/collector TestImportIntoDaysThatAreOver"}},
	{"The process", "`collector import` is killed", "nothing: import the file again", "each row once", []string{"cmd/collector TestImportKilledAtEveryStatement"}},
	{"The process", "killed while the state file is compacted", "nothing", keptAck, []string{"store TestKilledWhileCompacting"}},
	{"The process", "a second one is started on the same state folder", "the second ends with status 2 and one line", keptAll, []string{"cmd/collector TestSecondProcessOnTheStateFolder"}},
	{"The process", "a defect panics while an answer is read", "log: a defect in the collector; the other accounts are not affected", keptAll, []string{"collector TestADefectInTheParserCostsOneRecord"}},
	{"The configuration", "a key that is unknown, twice, or of the wrong form", "the start ends with status 2 and one line that names file, key and what would be right", keptAll, []string{"internal/config TestInvalid"}},
}
