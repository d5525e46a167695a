package engine

import (
	"bufio"
	"bytes"
	"fmt"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// transcoder converts Native of revision 0, the only one that the engine writes, to the revision
// that the client requests. They differ in what precedes a block and the data of a column. The data
// is copied unchanged.
type transcoder struct {
	revision uint64
	in       bytes.Reader
	raw      *bufio.Reader
	reader   *chproto.Reader
	out      chproto.Buffer
}

// transcodeBuffer is the size from which chproto.Reader uses a bufio.Reader directly instead of
// wrapping it. Only then does raw show how much has been read.
const transcodeBuffer = 128 << 10

func newTranscoder(revision uint64) *transcoder {
	t := &transcoder{revision: revision}
	t.raw = bufio.NewReaderSize(&t.in, transcodeBuffer)
	t.reader = chproto.NewReader(t.raw)
	return t
}

// convert converts complete blocks. The result is valid until the next call.
func (t *transcoder) convert(p []byte) ([]byte, error) {
	t.out.Reset()
	t.in.Reset(p)
	t.raw.Reset(&t.in)
	for t.at(p) < len(p) {
		if err := t.block(p); err != nil {
			return nil, fmt.Errorf("cannot convert the engine's Native format to revision %d: %w", t.revision, err)
		}
	}
	return t.out.Buf, nil
}

// at returns how much of p has been read.
func (t *transcoder) at(p []byte) int { return len(p) - t.in.Len() - t.raw.Buffered() }

func (t *transcoder) block(p []byte) error {
	if t.revision > 0 { // the block's info: not an overflow row, no bucket
		t.out.PutUVarInt(1)
		t.out.PutBool(false)
		t.out.PutUVarInt(2)
		t.out.PutInt32(-1)
		t.out.PutUVarInt(0)
	}
	start := t.at(p)
	columns, err := t.reader.UVarInt()
	if err != nil {
		return err
	}
	rows, err := t.reader.UVarInt()
	if err != nil {
		return err
	}
	if most := uint64(len(p) - t.at(p)); columns > most || columns > 0 && rows > most { // every type takes at least a byte
		return fmt.Errorf("%d columns of %d rows in %d bytes", columns, rows, most)
	}
	t.out.PutRaw(p[start:t.at(p)])
	for range columns {
		start := t.at(p)
		if _, err := t.reader.Str(); err != nil {
			return err
		}
		kind, err := t.reader.Str()
		if err != nil {
			return err
		}
		t.out.PutRaw(p[start:t.at(p)])
		if t.revision >= proto.DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION {
			t.out.PutBool(false)
		}
		start = t.at(p)
		if err := t.skip(column.Type(kind), int(rows)); err != nil {
			return err
		}
		t.out.PutRaw(p[start:t.at(p)])
	}
	return nil
}

// skip skips the data of a column by decoding it: nothing else shows where it ends.
func (t *transcoder) skip(kind column.Type, rows int) error {
	if rows == 0 {
		return nil
	}
	c, err := kind.Column("", &column.ServerContext{})
	if err != nil {
		return err
	}
	if prefixed, ok := c.(column.CustomSerialization); ok {
		if err := prefixed.ReadStatePrefix(t.reader); err != nil {
			return err
		}
	}
	return c.Decode(t.reader, rows)
}
