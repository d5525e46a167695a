package engine

import (
	"runtime"
	"strings"
	"unsafe"
)

// param is a named query parameter, its value in ClickHouse's escaped text form.
type param struct{ name, value string }

// stats are the values of X-ClickHouse-Summary.
type stats struct {
	readRows, readBytes, writtenRows, writtenBytes uint64
	seconds                                        float64
}

func (s *stats) add(lib *library, result uintptr) {
	s.readRows += lib.resultRowsRead(result)
	s.readBytes += lib.resultBytesRead(result)
	s.writtenRows += lib.resultRowsWritten(result)
	s.writtenBytes += lib.resultBytesWritten(result)
	s.seconds += lib.resultElapsed(result)
}

// exec runs a statement and returns its complete output.
func (c *conn) exec(sql, format string) ([]byte, error) {
	var out []byte
	_, err := c.query(sql, format, nil, func(b []byte) error {
		out = append(out, b...)
		return nil
	})
	return out, err
}

// query runs one statement and passes its output in format to yield, in pieces that are valid only
// during the call. An error of the engine is an *Exception.
func (c *conn) query(sql, format string, params []param, yield func([]byte) error) (s stats, err error) {
	result := c.call(c.lib.query, sql, format, params)
	defer c.lib.resultDestroy(result)
	if text := c.lib.resultError(result); text != "" {
		return s, parseException(text)
	}
	s.add(c.lib, result)
	return s, c.output(result, yield)
}

// stream is query with at most one block of a SELECT's output in memory. Only some formats allow
// that; see streams.
func (c *conn) stream(sql, format string, params []param, yield func([]byte) error) (s stats, err error) {
	result := c.call(c.lib.streamQuery, sql, format, params)
	if text := c.lib.resultError(result); strings.Contains(text, "Streaming query is not supported for query") {
		// The engine streams only SELECT. Nothing has run yet.
		c.lib.resultDestroy(result)
		return c.query(sql, format, params, yield)
	} else if text != "" {
		c.lib.resultDestroy(result)
		return s, parseException(text)
	}
	defer c.lib.resultDestroy(result)
	for {
		piece := c.lib.streamFetch(c.handle, result)
		text, n := c.lib.resultError(piece), c.lib.resultLength(piece)
		s.add(c.lib, piece)
		if text == "" && n > 0 {
			err = c.output(piece, yield)
		}
		c.lib.resultDestroy(piece)
		switch {
		case text != "":
			return s, parseException(text)
		case err != nil:
			c.lib.streamCancel(c.handle, result)
			return s, err
		case n == 0:
			return s, nil
		}
	}
}

func (c *conn) output(result uintptr, yield func([]byte) error) error {
	n := c.lib.resultLength(result)
	if n == 0 {
		return nil
	}
	return yield(unsafe.Slice((*byte)(c.lib.resultBuffer(result)), n))
}

func (c *conn) call(f queryFunc, sql, format string, params []param) uintptr {
	text, n := bytesOf(sql)
	form, formLen := bytesOf(format)
	if len(params) == 0 {
		return f(c.handle, text, n, form, formLen, nil, nil, nil, nil, 0)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	pointers := func(of func(param) string) ([]unsafe.Pointer, []uint64) {
		p, l := make([]unsafe.Pointer, len(params)), make([]uint64, len(params))
		for i, x := range params {
			b := append([]byte(of(x)), 0)
			pin.Pin(&b[0])
			p[i], l[i] = unsafe.Pointer(&b[0]), uint64(len(b)-1)
		}
		return p, l
	}
	names, nameLens := pointers(func(p param) string { return p.name })
	values, valueLens := pointers(func(p param) string { return p.value })
	return f(c.handle, text, n, form, formLen, unsafe.Pointer(&names[0]), unsafe.Pointer(&nameLens[0]),
		unsafe.Pointer(&values[0]), unsafe.Pointer(&valueLens[0]), uint64(len(params)))
}
