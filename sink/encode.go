package sink

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
)

// blockRows limits a block, and so the memory needed in addition to the rows themselves. The server
// joins blocks into larger ones, but each costs it some work.
const blockRows = 2048

// encoder converts rows to Native blocks. It is used for one table, one block at a time.
type encoder[T any] struct {
	table  *table[T]
	buffer []byte
}

// encode returns rows as one block, valid until the next call. Over HTTP a block has revision 0:
// the numbers of columns and rows, and for each column its name, type and values.
func (e *encoder[T]) encode(rows []T) []byte {
	b := binary.AppendUvarint(e.buffer[:0], uint64(len(e.table.columns)))
	b = binary.AppendUvarint(b, uint64(len(rows)))
	for _, c := range e.table.columns {
		b = putText(b, c.name)
		b = putText(b, c.wire)
		b = c.encode(b, rows)
	}
	e.buffer = b
	return b
}

// token identifies content: SHA-256 of the table's name and the blocks as sent, so that no column
// can be forgotten. ClickHouse drops an insert with a known token, whatever its rows.
func (e *encoder[T]) token(rows []T) string {
	h := sha256.New()
	io.WriteString(h, e.table.name)
	for block := range slices.Chunk(rows, blockRows) {
		h.Write(e.encode(block))
	}
	return hex.EncodeToString(h.Sum(nil))
}
