package engine

import (
	"fmt"
	"io"
	"unsafe"
)

// insertPiece is how much of an INSERT's data is passed to the engine at once. The engine copies it
// and blocks the caller while its queue is full.
const insertPiece = 1 << 20

// insert streams data in format into the table of an INSERT without data and FORMAT. If it returns
// no error, the rows are on disk.
func (c *conn) insert(sql, format string, params []param, data io.Reader) (s stats, err error) {
	stream := c.call(c.lib.insert, sql, format, params)
	defer c.lib.insertDestroy(stream) // cancels the INSERT unless it is done
	if text := c.lib.insertError(stream); text != "" {
		return s, parseException(text)
	}
	buf := make([]byte, insertPiece)
	for err == nil {
		n := 0
		// io.ReadFull would report a complete short piece like data that ended early, which must
		// never be stored.
		for n < len(buf) && err == nil {
			var m int
			m, err = data.Read(buf[n:])
			n += m
		}
		if err != nil && err != io.EOF {
			return s, fmt.Errorf("the INSERT's data is incomplete: %w", err)
		}
		if n > 0 && c.lib.insertAppend(stream, unsafe.Pointer(&buf[0]), uint64(n)) != 0 {
			if text := c.lib.insertError(stream); text != "" {
				return s, parseException(text)
			}
			break // insertDone returns the reason
		}
	}
	result := c.lib.insertDone(stream)
	defer c.lib.resultDestroy(result)
	if text := c.lib.resultError(result); text != "" {
		return s, parseException(text)
	}
	s.add(c.lib, result)
	return s, nil
}
