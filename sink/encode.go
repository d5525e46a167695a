package sink

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
)

// blockRows bounds a block: what is in memory at once, beside the rows themselves. The server joins blocks into larger ones, but
// has work with each.
const blockRows = 2048

// encoder turns rows into Native blocks. It is used for one table, one block at a time.
type encoder[T any] struct {
	table  *table[T]
	buffer []byte
}

// encode is rows as one block, valid until the next call. Over HTTP an insert's data is of revision 0, whichever revision the
// answers have: the numbers of columns and rows, and for each column its name, type and values.
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

// token identifies content: SHA-256 over the table and the blocks as they are sent, so that no column can be forgotten.
// ClickHouse drops an insert whose token it has seen, whatever the rows.
func (e *encoder[T]) token(rows []T) string {
	h := sha256.New()
	io.WriteString(h, e.table.name)
	for block := range slices.Chunk(rows, blockRows) {
		h.Write(e.encode(block))
	}
	return hex.EncodeToString(h.Sum(nil))
}
