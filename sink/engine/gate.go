package engine

import "unsafe"

// classes of chdb_classify_query_n (chdb.h, chdb_query_class).
const classReadOnly = 0

// analysis is chdb_query_analysis_v1 of chdb.h.
type analysis struct{ size, statements, flags, class uint32 }

// classify asks the engine's own parser what text would do, on the connection that would run it.
func (c *conn) classify(text string) (a analysis) {
	a = analysis{size: uint32(unsafe.Sizeof(a)), class: 4}
	sql, n := bytesOf(text)
	if c.lib.classify(c.handle, sql, n, nil, 0, unsafe.Pointer(&a)) != 0 {
		return analysis{class: 4}
	}
	return a
}

// judge refuses what the sender of q has no right to. The engine checks grants (access.go); what it does not check is
// judged here.
func judge(c *conn, q *request) error {
	if q.daemon && !q.get {
		return nil
	}
	if q.query.insert {
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	}
	a := c.classify(q.query.text)
	if a.statements == 1 && a.class != classReadOnly {
		return refuse(codeReadonly, "Cannot execute query in readonly mode")
	}
	return nil
}
