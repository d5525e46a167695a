package reliability_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"

	"alpemix-collector/report"
)

type columnType = column.Type

// block is a Native block whose columns are found by name.
type block struct {
	columns map[string]column.Interface
}

// row is one row of a block.
type row struct {
	block *block
	i     int
}

// readers are so large that chproto takes them as they are.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 128<<10) }}

// decode reads the body of an insert: blocks of revision 0.
func decode(body []byte) ([]*block, error) {
	stream := bytes.NewReader(body)
	buffer := readers.Get().(*bufio.Reader)
	defer readers.Put(buffer)
	buffer.Reset(stream)
	reader := chproto.NewReader(buffer)
	var blocks []*block
	for {
		b := proto.NewBlock()
		if err := b.Decode(reader, 0); err != nil {
			if errors.Is(err, io.EOF) && len(blocks) > 0 {
				return blocks, nil
			}
			return nil, err
		}
		named := &block{columns: map[string]column.Interface{}}
		for _, c := range b.Columns {
			named.columns[c.Name()] = c
		}
		blocks = append(blocks, named)
	}
}

func (b *block) rows() int { return b.columns["account"].Rows() }

func (b *block) row(i int) row { return row{b, i} }

func (r row) value(name string) any { return r.block.columns[name].Row(r.i, false) }

func (r row) text(name string) string { return r.value(name).(string) }

func (r row) number(name string) uint64 { return r.value(name).(uint64) }

func (r row) time(name string) time.Time {
	switch t := r.value(name).(type) {
	case time.Time:
		return t.UTC()
	case *time.Time:
		if t != nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func (r row) party(end string) report.Party {
	return report.Party{
		Name: r.text(end + "_name"), IP: r.text(end + "_ip"), LocalIP: r.text(end + "_local_ip"),
		Device: r.text(end + "_device"), AlpemixID: r.text(end + "_alpemix_id"),
	}
}

var modes = map[string]report.Mode{"support": report.ModeSupport, "presentation": report.ModePresentation, "unknown": report.ModeUnknown}

func (r row) connection() report.Connection {
	return report.Connection{
		Account: r.text("account"), UID: r.text("uid"), StartedAt: r.time("started_at"),
		Duration: time.Duration(r.value("duration_seconds").(uint32)) * time.Second, Mode: modes[r.text("mode")],
		Explanation: r.text("explanation"), SupportNumber: r.text("support_number"), Staff: r.party("staff"), Target: r.party("target"),
		LocalDay: report.DayOf(r.time("local_day")), FirstSeenAt: r.time("first_seen_at"), FetchedAt: r.time("fetched_at"),
		Raw: r.text("raw"), Hash: r.number("hash"), Version: r.number("version"), Deleted: r.value("deleted").(uint8) == 1,
	}
}
