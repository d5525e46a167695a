package simulator

import (
	"io"
	"strconv"
	"sync"
	"time"

	"alpemix-collector/report"
)

// flushAt is how much of a report is held in memory.
const flushAt = 64 << 10

// WriteReport writes the answer to a report request for day, as seen at the time at: all of its connections, or the last
// ones if last is not 0. It streams: memory does not grow with the text, and a day of a million sessions takes seconds.
// Of q, a nil Zone means Istanbul. It returns the number of rows.
func (w *World) WriteReport(out io.Writer, account string, day report.Day, at time.Time, last int, q Quirks) (rows int, err error) {
	if q.Zone == nil {
		q.Zone = Istanbul
	}
	return w.write(out, account, day, at, last, q, func(*deskDay, int) {})
}

// write is WriteReport that returns which sessions it showed.
func (w *World) write(out io.Writer, account string, date report.Day, at time.Time, last int, q Quirks, shown func(d *deskDay, i int)) (rows int, err error) {
	e := newEncoder(q)
	defer buffers.Put(&e.buf)
	moment := at.Unix()
	from, to := q.bounds(date)
	e.open()
	w.each(account, from, to, func(d *deskDay, i int) bool {
		s := d.session(i)
		if !q.shows(&s, moment) {
			return true
		}
		e.row(rows, &s, moment)
		shown(d, i)
		rows++
		if len(e.buf) >= flushAt {
			_, err = out.Write(e.buf)
			e.buf = e.buf[:0]
		}
		return err == nil && rows != last
	})
	if err != nil {
		return rows, err
	}
	e.close(rows)
	_, err = out.Write(e.buf)
	return rows, err
}

// buffers are the encoders'. Tests that play years of polls would else spend half of their time on garbage.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, flushAt+4096); return &b }}

// encoder writes JSON as the vendor might.
type encoder struct {
	style  // of the present row
	styles [2]style
	space  string // after the commas and inside the braces of a row
	line   string
	buf    []byte
	mixes  bool // the present text is mixed, see Quirks.MixedTexts
	single bool // its last letter is in windows-1254
}

// style is a way to write strings.
type style struct {
	q     Quirks
	plain *[256]bool // bytes that stand for themselves within a string
}

func newStyle(q Quirks) style {
	var plain [256]bool
	for c := range plain {
		plain[c] = c >= ' ' && c != '"' && c < 0x80
	}
	for c := 0x80; c < 0x100; c++ {
		plain[c] = q.Charset != Windows1254 && !q.MixedTexts && (!q.EscapeUnicode || q.RawBackslashes)
	}
	for _, c := range "\r\n\t" {
		plain[c] = q.RawControls
	}
	plain['\\'] = q.RawBackslashes
	plain['/'] = !q.EscapeSlashes || q.RawBackslashes
	return style{q, &plain}
}

func newEncoder(q Quirks) *encoder {
	e := &encoder{
		styles: [2]style{newStyle(q), newStyle(q.other())},
		space:  " ", line: "\n", buf: (*buffers.Get().(*[]byte))[:0],
	}
	e.style = e.styles[0]
	if q.Compact {
		e.space, e.line = "", ""
	}
	if q.Charset == UTF8BOM {
		e.add("\ufeff")
	}
	return e
}

func (e *encoder) add(s string) { e.buf = append(e.buf, s...) }

func (e *encoder) number() {
	e.add(`"errornumber":`)
	if !e.q.Compact {
		e.add(" ")
	}
	e.add("0")
}

// open begins the envelope; results follows with the first row, because an empty day may have none.
func (e *encoder) open() {
	e.add("{" + e.line)
	if !e.q.ResultsFirst {
		e.number()
	}
}

func (e *encoder) results() {
	if !e.q.ResultsFirst {
		e.add("," + e.line)
	}
	e.add(`"results":`)
}

func (e *encoder) close(rows int) {
	written := true
	switch {
	case rows > 0:
		e.add(e.line + "]")
	case e.q.Empty == EmptyArray:
		e.results()
		e.add("[]")
	case e.q.Empty == EmptyNull:
		e.results()
		e.add("null")
	default:
		written = false
	}
	if e.q.ResultsFirst {
		if written {
			e.add("," + e.line)
		}
		e.number()
	}
	e.add(e.line + "}" + e.line)
}

// row writes the n-th connection in the order of the document's keys.
func (e *encoder) row(n int, s *session, t int64) {
	e.style = e.styles[0]
	if e.q.isOther(s) {
		e.style = e.styles[1]
	}
	if n == 0 {
		e.results()
		e.add("[" + e.space + "{" + e.space)
	} else {
		e.add("," + e.line + "{" + e.space)
	}
	if e.q.ExtraKeys {
		e.add(`"ver":3,` + e.space)
	}
	e.add(`"uid":`)
	e.digits(int64(s.uid), !e.q.NumericUID)
	e.key("dt")
	e.start(s.start)
	e.duration(s.seconds(t))
	e.key("dir")
	e.digits(int64(s.dir), e.q.TextDur)
	e.text("exp", text(&s.notes, t))
	e.text("supnum", text(&s.numbers, t))
	e.party(&staffKeys, s.staff)
	e.party(&targetKeys, s.target)
	if e.q.ExtraKeys {
		e.add(`,` + e.space + `"rating":null,` + e.space + `"client":{"os":"Windows 11","uid":"0","dur":-1},` + e.space + `"tags":["a","]}"]`)
	}
	e.add(e.space + "}")
}

var (
	staffKeys  = [5]string{"uname", "ip", "lip", "unum", "aid"}
	targetKeys = [5]string{"tuname", "tip", "tlip", "tunum", "taid"}
)

func (e *encoder) party(keys *[5]string, p *report.Party) {
	e.text(keys[0], p.Name)
	e.text(keys[1], p.IP)
	e.text(keys[2], p.LocalIP)
	e.text(keys[3], p.Device)
	e.text(keys[4], p.AlpemixID)
}

func (e *encoder) key(name string) {
	e.add(",")
	e.add(e.space)
	e.add(`"`)
	e.add(name)
	e.add(`":`)
}

func (e *encoder) text(key, value string) {
	e.key(key)
	e.quote(value)
}

func (e *encoder) digits(n int64, quoted bool) {
	if quoted {
		e.add(`"`)
	}
	e.buf = strconv.AppendInt(e.buf, n, 10)
	if quoted {
		e.add(`"`)
	}
}

func (e *encoder) duration(seconds int64) {
	if e.q.Dur != DurPlain {
		e.key("dur:")
		if e.q.Dur == DurConflict {
			e.digits(seconds+1, e.q.TextDur)
		} else {
			e.digits(seconds, e.q.TextDur)
		}
	}
	if e.q.Dur != DurColon {
		e.key("dur")
		e.digits(seconds, e.q.TextDur)
	}
}

// start writes dt: "hour:minute:second day\month\year".
func (e *encoder) start(unix int64) {
	t := time.Unix(unix, 0).In(e.q.Zone)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	e.add(`"`)
	e.part(hour)
	e.add(":")
	e.part(minute)
	e.add(":")
	e.part(second)
	e.add(" ")
	e.part(day)
	e.separator()
	e.part(int(month))
	e.separator()
	e.part(year)
	e.add(`"`)
}

func (e *encoder) part(n int) {
	if n < 10 && !e.q.ShortParts {
		e.add("0")
	}
	e.buf = strconv.AppendInt(e.buf, int64(n), 10)
}

func (e *encoder) separator() {
	c := e.q.Separator
	if c == 0 {
		c = '\\'
	}
	if !e.plain[c] {
		e.add(`\`)
	}
	e.buf = append(e.buf, c)
}
