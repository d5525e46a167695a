package engine

import (
	"iter"
	"regexp"
	"strings"
	"unsafe"
)

// Values of chdb_query_class and chdb_query_analysis_flag (chdb.h).
const (
	classReadOnly      = 0
	classUnknown       = 4
	flagWritesOnlyHere = 1 << 1 // nothing is written outside of the database, such as to a file
)

// analysis is chdb_query_analysis_v1 of chdb.h.
type analysis struct{ size, statements, flags, class uint32 }

// classify returns what text would do, according to the engine's own parser.
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

// judge refuses what the sender of q may not do. The engine itself checks grants (access.go). judge
// adds what grants do not cover: settings and formats, which constraints miss in subqueries;
// statements that are not checked; files of libchdb's client; and functions that read files without
// a grant. It decides by the output of the engine's own parser.
func (e *engine) judge(c *conn, q *request) error {
	if q.query.insert && (!q.daemon || q.get) {
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	}
	if q.daemon {
		return e.judgeDaemon(c, q)
	}
	a := c.classify(q.query.text, q.database)
	readOnly := a.statements == 1 && a.class == classReadOnly
	switch {
	case a.statements > 1:
		return &Exception{codeSyntaxError, "Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)"}
	case !readOnly && a.class != classUnknown:
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	case readOnly && a.flags&flagWritesOnlyHere == 0:
		return refuse(codeReadonly, "Cannot write into a file in readonly mode")
	}
	text, err := canonical(c, q.query.text)
	if err == nil {
		err = e.checkCanonical(text, q.blockRows())
	}
	if err != nil {
		return err
	}
	if !readOnly {
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	}
	tree, err := syntaxTree(c, text, q.params)
	if err != nil {
		return err
	}
	return e.judgeTree(tree, text, q.database)
}

// judgeDaemon refuses the daemon's own statements if they use files or would crash the process.
// Only the head of an INSERT with data is checked.
func (e *engine) judgeDaemon(c *conn, q *request) error {
	l := lexer{text: q.query.text}
	for t := l.next(); t.kind != tokenEnd; t = l.next() {
		if t.is("OUTFILE") || t.is("INFILE") {
			return refuse(codeAccessDenied, "%s: Not enough privileges: files are not read or written by SQL", daemonUser)
		}
	}
	if q.query.insert {
		return nil
	}
	tree, err := syntaxTree(c, q.query.text, q.params)
	if err != nil {
		return err
	}
	return judgeNames(tree)
}

// syntaxTree returns the output of EXPLAIN AST: one node per line, indented by one space per level.
func syntaxTree(c *conn, text string, params []param) (string, error) {
	var tree []byte
	_, err := c.query("EXPLAIN AST "+text, "TSVRaw", params, func(b []byte) error {
		tree = append(tree, b...)
		return nil
	})
	return string(tree), err
}

// roots are the nodes of the syntax tree that a reader's statement may start with. complete reports
// whether the tree shows all of its expressions.
var roots = map[string]struct{ complete bool }{
	"SelectWithUnionQuery": {true}, "SelectIntersectExceptQuery": {true}, "Explain": {true}, "DescribeQuery": {true},
	"ShowTables": {}, "ShowColumns": {}, "ShowIndexes": {}, "ShowFunctions": {}, "ShowSetting": {}, "ShowEngines": {},
	"ShowEngineQuery": {}, "ShowProcesslistQuery": {}, "ShowGrantsQuery": {}, "ShowPrivilegesQuery": {},
	"ShowCreateTableQuery": {true}, "ShowCreateViewQuery": {true}, "ShowCreateDatabaseQuery": {true},
	"ExistsTableQuery": {true}, "ExistsViewQuery": {true}, "ExistsDatabaseQuery": {true},
}

// tableFunctions are the table functions that access nothing outside of the engine.
var tableFunctions = words("numbers numbers_mt zeros zeros_mt generateseries generate_series view loop primes")

// forbidden are functions that access files, models, the network or another engine through their
// arguments, without a grant. formatRow does so through formats that read templates. jsonMergePatch
// overflows the stack. eval, arrayReduce and others evaluate expressions in a string, such as the
// parameters of an aggregate function.
var forbidden = words("file catboostevaluate generateserialid formatrow formatrownonewline showcertificate " +
	"aiclassify aiembed aiextract aigenerate aitranslate executable eval input filesystem " +
	"logtrace arrayreduce arrayreduceinranges initializeaggregation structuretocapnprotoschema structuretoprotobufschema " +
	"jsonmergepatch")

// isForbidden adds two groups of names to forbidden. groupFormat, whose name combinators extend
// (groupFormatIf), takes a format as formatRow does. The set operations on polygons never check
// whether their query was canceled, and no memory limit counts them.
func isForbidden(name string) bool {
	return forbidden[name] || strings.HasPrefix(name, "groupformat") || strings.HasPrefix(name, "polygons")
}

// describedFunctions are the table functions that describe their columns in a string, which may
// hold expressions: b String ALIAS file(…). Other things may have the same names.
var describedFunctions = words("values sqlstandardvalues generaterandom null viewifpermitted")

// forbiddenTables are tables of the system database that nobody may read, although the engine
// allows everyone to. stack_trace interrupts every thread with a signal whose handler runs on the
// current stack. Goroutines have too little stack, and the process crashes some time later. models
// starts a program and waits for it.
var forbiddenTables = words("stack_trace models")

// readableTables are the tables of the system database that readers may read. They list what
// exists, where it is in the engine's folder, and its state. The other tables expose users, errors
// of other queries or stacks of the process, or start programs.
var readableTables = words("aggregate_function_combinators build_options clusters collations columns constraints contributors " +
	"data_skipping_index_types data_skipping_indices data_type_families database_engines databases detached_parts dictionaries disks " +
	"documentation events formats functions keywords licenses macros merge_tree_settings merges metrics asynchronous_metrics moves " +
	"mutations numbers numbers_mt one parts parts_columns primes processes projection_parts projections replicas server_settings " +
	"settings storage_policies table_engines table_functions tables time_zones view_refreshes warnings zeros zeros_mt")

func words(s string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

// judgeTree checks a reader's statement by its tree. A name that contains a line break adds lines
// that are not nodes. They may forbid more, but must never allow more.
func (e *engine) judgeTree(tree, text, database string) error {
	first, _, _ := strings.Cut(tree, "\n")
	kind, _, _ := strings.Cut(first, " ")
	root, ok := roots[kind]
	if !ok {
		return refuse(codeReadonly, "Cannot execute this statement in readonly mode")
	}
	opaque := !root.complete
	for node := range nodes(tree) {
		switch {
		case node.level == 0 && !node.first:
			return refuse(codeReadonly, "Cannot execute a statement whose names contain line breaks in readonly mode")
		case node.kind == "Literal" && node.level == 1:
			return refuse(codeReadonly, "Cannot write into a file in readonly mode")
		case node.kind == "Function" && node.parent == "TableExpression" && !tableFunctions[node.name]:
			return refuse(codeAccessDenied, "default: Not enough privileges: the table function %s is not available to readers", node.name)
		case node.kind == "Function" && describedFunctions[node.name]:
			return notForReaders(node.name)
		case (node.kind == "Identifier" || node.kind == "TableIdentifier") && e.hides(node.name, database):
			return notForReaders(node.name)
		case node.kind == "ColumnsApplyTransformer":
			opaque = true // * APPLY(file) does not show its function
		}
	}
	if err := judgeNames(tree); err != nil || !opaque {
		return err
	}
	return judgeText(text)
}

// hides reports whether an identifier names a table of the system database that readers cannot
// read. A name without a database may be a column, so it counts only if the database in use is
// system and has such a table.
func (e *engine) hides(name, database string) bool {
	if table, ok := strings.CutPrefix(name, "system."); ok {
		table, _, _ = strings.Cut(table, ".")
		return !readableTables[table]
	}
	return database == "system" && e.hidden[name]
}

// judgeNames refuses functions and tables that nobody may use.
func judgeNames(tree string) error {
	for node := range nodes(tree) {
		switch node.kind {
		case "Function":
			if isForbidden(node.name) {
				return notForReaders(node.name)
			}
		case "Identifier", "TableIdentifier": // a function, as in arrayMap(file, …), or a table, as in loop(system.models)
			for part := range strings.SplitSeq(node.name, ".") {
				if isForbidden(part) || forbiddenTables[part] {
					return notForReaders(part)
				}
			}
		}
	}
	return nil
}

// node is a line of a syntax tree.
type node struct {
	first              bool
	level              int
	kind, name, parent string // name is in lower case; parent is the kind of the node above
}

func nodes(tree string) iter.Seq[node] {
	return func(yield func(node) bool) {
		var path []string // kinds of the nodes above, by level
		for line := range strings.Lines(tree) {
			text := strings.TrimLeft(line, " ")
			n := node{first: len(path) == 0, level: len(line) - len(text)}
			kind, rest, _ := strings.Cut(strings.TrimRight(text, "\n"), " ")
			name, _, _ := strings.Cut(rest, " (")
			n.kind, n.name = kind, strings.ToLower(name)
			path = append(path[:min(n.level, len(path))], kind)
			if len(path) > 1 {
				n.parent = path[len(path)-2]
			}
			if !yield(n) {
				return
			}
		}
	}
}

func notForReaders(name string) error {
	return refuse(codeAccessDenied, "default: Not enough privileges: %s is not available to readers", name)
}

var (
	anyWord = regexp.MustCompile(`\w+`)
	isNull  = regexp.MustCompile(`\bis\s+(not\s+)?null\b`)
)

// judgeText checks a statement whose tree does not show everything by each word of its text,
// strings and comments included. Escapes and parameters are refused, because they could spell a
// name differently.
func judgeText(text string) error {
	if strings.ContainsAny(text, `\{`) {
		return refuse(codeAccessDenied, `default: Not enough privileges: readers may use neither \ nor { in this kind of statement`)
	}
	text = isNull.ReplaceAllString(strings.ToLower(text), "")
	if strings.Contains(text, "system") && strings.Contains(text, "select") {
		return notForReaders("a subquery of the system database in this kind of statement")
	}
	for _, w := range anyWord.FindAllString(text, -1) {
		if isForbidden(w) || describedFunctions[w] {
			return notForReaders(w)
		}
	}
	return nil
}
