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

// judge refuses what the sender of q has no right to. The engine itself checks grants (access.go); judge adds what they do
// not cover: settings and formats, which constraints do not reach in subqueries, statements that are not checked, files
// of the client half of libchdb, and functions that read files without a grant. It decides by what the engine's own
// parser makes of the text.
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

// judgeDaemon keeps the daemon's own statements from files and from what would crash the process. Of an INSERT with data
// there is nothing to judge but its head.
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

// syntaxTree is what EXPLAIN AST prints: a node a line, indented by a blank per level.
func syntaxTree(c *conn, text string, params []param) (string, error) {
	var tree []byte
	_, err := c.query("EXPLAIN AST "+text, "TSVRaw", params, func(b []byte) error {
		tree = append(tree, b...)
		return nil
	})
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
// does so by way of formats that read templates; jsonMergePatch overflows the stack; those of the line before evaluate expressions that are written in a string,
// such as the parameters of an aggregate function.
var forbidden = words("file catboostevaluate generateserialid formatrow formatrownonewline showcertificate " +
	"aiclassify aiembed aiextract aigenerate aitranslate executable eval input filesystem " +
	"logtrace arrayreduce arrayreduceinranges initializeaggregation structuretocapnprotoschema structuretoprotobufschema " +
	"jsonmergepatch")

// isForbidden adds to forbidden two kinds by the beginning of their names. groupFormat, which combinators lengthen
// (groupFormatIf), names a format as formatRow does. The set operations on polygons never look whether their query has
// been ended, and count for no limit of memory.
func isForbidden(name string) bool {
	return forbidden[name] || strings.HasPrefix(name, "groupformat") || strings.HasPrefix(name, "polygons")
}

// described are the table functions whose columns are described in a string, which may hold expressions: b String ALIAS file(…).
// Other things may have these names.
var described = words("values sqlstandardvalues generaterandom null viewifpermitted")

// forbiddenTables of the system database, which the engine lets everyone read. stack_trace interrupts every thread by a signal
// whose handler runs on the stack at hand; goroutines have too little of it, and the process crashes some time later. models
// starts a program and waits for it.
var forbiddenTables = words("stack_trace models")

// readableTables of the system database list what there is, where in the engine's folder it is, and how it is doing. Readers
// get no others: those hold users, other queries' errors and stacks of the process, or start programs.
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

// judgeTree refuses a reader's statement by its tree. A name with a line end in it begins a line that is no node: it may add
// to what is forbidden and must not take from it.
func (e *engine) judgeTree(tree, text, database string) error {
	first, _, _ := strings.Cut(tree, "\n")
	kind, _, _ := strings.Cut(first, " ")
	root, ok := roots[kind]
	if !ok {
		return refuse(codeReadonly, "Cannot execute this statement in readonly mode")
	}
	opaque := !root.whole
	for node := range nodes(tree) {
		switch {
		case node.level == 0 && !node.first:
			return refuse(codeReadonly, "Cannot execute a statement whose names hold line ends in readonly mode")
		case node.kind == "Literal" && node.level == 1:
			return refuse(codeReadonly, "Cannot write into a file in readonly mode")
		case node.kind == "Function" && node.parent == "TableExpression" && !tableFunctions[node.name]:
			return refuse(codeAccessDenied, "default: Not enough privileges: the table function %s is not for readers", node.name)
		case node.kind == "Function" && described[node.name]:
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

// hides reports whether an identifier names a table of the system database that readers do not get. By its bare name it may
// as well be a column, unless the engine has such a table.
func (e *engine) hides(name, database string) bool {
	if table, ok := strings.CutPrefix(name, "system."); ok {
		table, _, _ = strings.Cut(table, ".")
		return !readableTables[table]
	}
	return database == "system" && e.hidden[name]
}

// judgeNames refuses the functions and tables that nobody may use.
func judgeNames(tree string) error {
	for node := range nodes(tree) {
		switch node.kind {
		case "Function":
			if isForbidden(node.name) {
				return notForReaders(node.name)
			}
		case "Identifier", "TableIdentifier": // may name a function, arrayMap(file, …), or a table, loop(system.models)
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
	if strings.Contains(text, "system") && strings.Contains(text, "select") {
		return notForReaders("a subquery of the system database in this kind of statement")
	}
	for _, w := range anyWord.FindAllString(text, -1) {
		if isForbidden(w) || described[w] {
			return notForReaders(w)
		}
	}
	return nil
}
