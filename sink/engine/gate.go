package engine

import (
	"regexp"
	"strconv"
	"strings"
	"unsafe"
)

// Values of chdb_query_class and chdb_query_analysis_flag (chdb.h).
const (
	classReadOnly      = 0
	classUnknown       = 4
	flagWritesOnlyHere = 1 << 1 // no write leaves the database: into a file, for one
)

// analysis is chdb_query_analysis_v1 of chdb.h.
type analysis struct{ size, statements, flags, class uint32 }

// classify asks the engine's own parser what text would do, on the connection that would run it.
func (c *conn) classify(text, database string) analysis {
	a := analysis{class: classUnknown}
	a.size = uint32(unsafe.Sizeof(a))
	sql, n := bytesOf(text)
	db, dbLen := bytesOf(database)
	if c.lib.classify(c.handle, sql, n, db, dbLen, unsafe.Pointer(&a)) != 0 {
		return analysis{class: classUnknown}
	}
	return a
}

// judge refuses what the sender of q has no right to. The engine itself checks grants and constrained settings
// (access.go); judge adds what they do not cover: statements that are not checked, files written by the client half of
// libchdb, and functions that read files without a grant. It reads the syntax tree of the engine's own parser.
func judge(c *conn, q *request) error {
	if strings.Contains(strings.ToLower(q.query.text), "stack_trace") {
		return refuse(codeAccessDenied, "Not enough privileges: system.stack_trace would crash this process") // see forbiddenTables
	}
	if q.daemon && !q.get {
		return nil
	}
	if q.query.insert {
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	}
	if q.daemon {
		return nil // its GET is kept from writing by readonly=2
	}
	a := c.classify(q.query.text, q.database)
	readOnly := a.statements == 1 && a.class == classReadOnly
	switch {
	case a.statements > 1:
		return &Exception{codeSyntaxError, "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)"}
	case !readOnly && a.class != classUnknown:
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	case readOnly && a.flags&flagWritesOnlyHere == 0, strings.Contains(strings.ToUpper(q.query.text), "OUTFILE"):
		// Also where nobody would write it: the question for the tree would be answered into that file.
		return refuse(codeReadonly, "Cannot write into a file in readonly mode")
	}
	tree, err := syntaxTree(c, q)
	switch {
	case err != nil:
		return err
	case !readOnly:
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	}
	return judgeTree(tree, q.query.text)
}

const explain = "EXPLAIN AST "

var position = regexp.MustCompile(`at position (\d+)`)

func syntaxTree(c *conn, q *request) (string, error) {
	var tree []byte
	_, err := c.query(explain+q.query.text, "TSVRaw", q.params, func(b []byte) error {
		tree = append(tree, b...)
		return nil
	})
	if ex, ok := err.(*Exception); ok {
		// The sender counts from the beginning of his own text.
		ex.Message = position.ReplaceAllStringFunc(ex.Message, func(m string) string {
			n, err := strconv.Atoi(strings.TrimPrefix(m, "at position "))
			if err != nil {
				return m
			}
			return "at position " + strconv.Itoa(max(n-len(explain), 0))
		})
	}
	return string(tree), err
}

// nodes of the syntax tree that a reader's statement may start with, and whether all of its expressions are in the tree.
var roots = map[string]struct{ whole bool }{
	"SelectWithUnionQuery": {true}, "SelectIntersectExceptQuery": {true}, "Explain": {true}, "DescribeQuery": {true},
	"ShowTables": {}, "ShowColumns": {}, "ShowIndexes": {}, "ShowFunctions": {}, "ShowSetting": {}, "ShowEngines": {},
	"ShowEngineQuery": {}, "ShowProcesslistQuery": {}, "ShowGrantsQuery": {}, "ShowPrivilegesQuery": {},
	"ShowCreateTableQuery": {true}, "ShowCreateViewQuery": {true}, "ShowCreateDatabaseQuery": {true},
	"ExistsTableQuery": {true}, "ExistsViewQuery": {true}, "ExistsDatabaseQuery": {true},
}

// tableFunctions that touch nothing outside of the engine.
var tableFunctions = words("numbers numbers_mt zeros zeros_mt generateseries generate_series view loop primes")

// forbidden functions reach files, models, the network or another engine by their arguments, and need no grant. formatRow
// does so by way of formats that read templates; those of the last line evaluate expressions that are written in a string,
// such as the parameters of an aggregate function.
var forbidden = words("file catboostevaluate generateserialid formatrow formatrownonewline showcertificate " +
	"aiclassify aiembed aiextract aigenerate aitranslate executable eval input filesystem " +
	"arrayreduce arrayreduceinranges initializeaggregation structuretocapnprotoschema structuretoprotobufschema")

// described are the table functions whose columns are described in a string, which may hold expressions: b String ALIAS file(…).
// Other things may have these names.
var described = words("values sqlstandardvalues generaterandom null viewifpermitted")

// forbiddenTables of the system database, which the engine lets everyone read. stack_trace interrupts every thread by a signal
// whose handler runs on the stack at hand; goroutines have too little of it, and the process crashes some time later. models
// starts a program and waits for it.
var forbiddenTables = words("stack_trace models")

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// judgeTree refuses by the syntax tree, as EXPLAIN AST prints it: a node a line, indented by a blank per level. A name with a
// line end in it begins a line that is no node: it may add to what is forbidden and must not take from it.
func judgeTree(tree, text string) error {
	first, _, _ := strings.Cut(tree, "\n")
	kind, _, _ := strings.Cut(first, " ")
	root, ok := roots[kind]
	if !ok {
		return refuse(codeReadonly, "Cannot execute this statement in readonly mode")
	}
	opaque := !root.whole
	var path []string // kinds of the nodes above, by level
	for line := range strings.Lines(tree) {
		node := strings.TrimLeft(line, " ")
		level := len(line) - len(node)
		kind, rest, _ := strings.Cut(strings.TrimRight(node, "\n"), " ")
		if level == 0 && len(path) > 0 {
			return refuse(codeReadonly, "Cannot execute a statement whose names hold line ends in readonly mode")
		}
		path = append(path[:min(level, len(path))], kind)
		parent := ""
		if len(path) > 1 {
			parent = path[len(path)-2]
		}
		name, _, _ := strings.Cut(rest, " (")
		name = strings.ToLower(name)
		switch kind {
		case "Literal":
			if level == 1 {
				return refuse(codeReadonly, "Cannot write into a file in readonly mode")
			}
		case "Function":
			if parent == "TableExpression" && !tableFunctions[name] {
				return refuse(codeAccessDenied, "default: Not enough privileges: the table function %s is not for readers", name)
			}
			if forbidden[name] || described[name] {
				return notForReaders(name)
			}
		case "Identifier", "TableIdentifier": // may name a function, arrayMap(file, …), or a table, loop(system.models)
			for part := range strings.SplitSeq(name, ".") {
				if forbidden[part] || forbiddenTables[part] {
					return notForReaders(part)
				}
			}
		case "ColumnsApplyTransformer":
			opaque = true // * APPLY(file) does not show its function
		}
	}
	if opaque {
		return judgeText(text)
	}
	return nil
}

func notForReaders(name string) error {
	return refuse(codeAccessDenied, "default: Not enough privileges: %s is not for readers", name)
}

var (
	anyWord = regexp.MustCompile(`\w+`)
	isNull  = regexp.MustCompile(`\bis\s+(not\s+)?null\b`)
)

// judgeText refuses a text, whose tree does not show everything, by what is written anywhere in it, strings and comments
// included. Escapes and parameters could spell a name differently.
func judgeText(text string) error {
	if strings.ContainsAny(text, `\{`) {
		return refuse(codeAccessDenied, `default: Not enough privileges: readers may use neither \ nor { in this kind of statement`)
	}
	text = isNull.ReplaceAllString(strings.ToLower(text), "")
	for _, w := range anyWord.FindAllString(text, -1) {
		if forbidden[w] || described[w] {
			return notForReaders(w)
		}
	}
	return nil
}
