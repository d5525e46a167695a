package engine

import (
	"fmt"
	"io"
	"unsafe"
)

// insertPiece is how much of an INSERT's data is handed to the engine at once. The engine takes a copy and makes the caller
// wait while its own queue is full.
const insertPiece = 1 << 20

// insert streams data in format into the table of an INSERT without data and FORMAT. When it returns without an error, the
// rows are in the table's parts on disk.
func (c *conn) insert(sql, format string, params []param, data io.Reader) (s stats, err error) {
	stream := c.call(c.lib.insert, sql, format, params)
	defer c.lib.insertDestroy(stream) // cancels unless done
	if text := c.lib.insertError(stream); text != "" {
		return s, parseException(text)
	}
	buf := make([]byte, insertPiece)
	for err == nil {
		n := 0
		// Not io.ReadFull: it makes a whole short piece look like data that broke off, which must never be stored.
		for n < len(buf) && err == nil {
			var m int
			m, err = data.Read(buf[n:])
			n += m
		}
		if err != nil && err != io.EOF {
			return s, fmt.Errorf("the data of the INSERT broke off: %w", err)
		}
		if n > 0 && c.lib.insertAppend(stream, unsafe.Pointer(&buf[0]), uint64(n)) != 0 {
			if text := c.lib.insertError(stream); text != "" {
				return s, parseException(text)
			}
			break // done tells the reason
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
