package sink

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	chgo "github.com/ClickHouse/ch-go/proto"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// blockRows bounds a block: what is in memory at once, beside the rows themselves. The server joins blocks into larger ones, so
// that small blocks cost it nothing.
const blockRows = 1024

// encoder turns rows into Native blocks. It is used for one table, one block at a time.
type encoder[T any] struct {
	table   *table[T]
	block   *proto.Block
	scratch scratch
	buffer  chgo.Buffer
}

func newEncoder[T any](t *table[T]) (*encoder[T], error) {
	e := &encoder[T]{table: t, block: proto.NewBlock()}
	e.block.ServerContext = &chcolumn.ServerContext{Timezone: time.UTC}
	for _, c := range t.columns {
		if err := e.block.AddColumn(c.name, chcolumn.Type(c.wire)); err != nil {
			return nil, fmt.Errorf("column %s.%s: %w", t.name, c.name, err)
		}
	}
	return e, nil
}

// encode is rows as one block, valid until the next call.
func (e *encoder[T]) encode(rows []T) ([]byte, error) {
	e.block.Reset()
	for i, c := range e.table.columns {
		if _, err := e.block.Columns[i].Append(c.values(&e.scratch, rows)); err != nil {
			return nil, fmt.Errorf("column %s.%s: %w", e.table.name, c.name, err)
		}
	}
	e.buffer.Reset()
	// Over HTTP an insert's data is of revision 0, whichever revision the answers have.
	if err := e.block.Encode(&e.buffer, 0); err != nil {
		return nil, fmt.Errorf("table %s: %w", e.table.name, err)
	}
	return e.buffer.Buf, nil
}

// token identifies content: SHA-256 over the table and the blocks as they are sent, so that no column can be forgotten.
// ClickHouse drops an insert whose token it has seen, whatever the rows.
func (e *encoder[T]) token(rows []T) (string, error) {
	h := sha256.New()
	io.WriteString(h, e.table.name)
	for block := range slices.Chunk(rows, blockRows) {
		b, err := e.encode(block)
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
