package parser

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"

	"alpemix-collector/report"
)

// Limits of plausible values.
const (
	// FirstMoment is 2000-01-01 00:00:00 on the account's clocks: no connection is older.
	FirstMoment = 946684800
	// Grace is how far a dt, or the end of a connection, may be after FetchedAt. It allows for a
	// wrong clock or zone.
	Grace = 24 * time.Hour
	// LongestDuration allows a session that was left open for a year, but not 2³¹-1 or 2³²-1
	// seconds.
	LongestDuration = 366 * 24 * time.Hour
)

// Parse parses one record. It sets FirstSeenAt to FetchedAt and Version to FetchedAt in
// microseconds; the caller may know better. A Reject keeps the record's text. A record is rejected
// for its uid, dt or duration, for a value of an impossible type, or because it is not one JSON
// object. Anything else that is odd is counted in src.Tally.
func Parse(rec report.Record, src Source) (report.Connection, *report.Reject) {
	p := recordParser{src: src, rec: rec}
	p.raw, p.charset, p.odd = string(rec.Raw), rec.Charset, src.Tally
	p.open()
	p.identify()
	p.start()
	p.last()
	p.describe()
	p.noteScan()
	if p.reject != nil {
		return report.Connection{}, p.reject
	}
	p.c.Account, p.c.Raw, p.c.Charset, p.c.Hash = src.Account, p.raw, rec.Charset, Hash(rec.Raw)
	p.c.FetchedAt = src.FetchedAt.UTC()
	p.c.FirstSeenAt, p.c.Version = p.c.FetchedAt, uint64(src.FetchedAt.UnixMicro())
	return p.c, nil
}

// recordParser parses one record. After the first refusal its steps do nothing.
type recordParser struct {
	scanner
	rec    report.Record
	src    Source
	c      report.Connection
	reject *report.Reject
}

func (p *recordParser) refuse(reason, format string, args ...any) {
	p.reject = &report.Reject{
		Vendor: Vendor, Account: p.src.Account, Reason: reason, Detail: fmt.Sprintf(format, args...),
		Raw: p.raw, Charset: p.rec.Charset, Hash: Hash(p.rec.Raw), At: p.src.FetchedAt.UTC(), Version: uint64(p.src.FetchedAt.UnixMicro()),
	}
}

// open finds the fields of the record.
func (p *recordParser) open() {
	b := p.rec.Raw
	switch {
	case len(b) > MaxRecord:
		p.refuse(reasonTooLarge, "the record is longer than %d bytes; only its beginning was kept", MaxRecord)
		return
	case len(b) == 0 || b[0] != '{':
		p.refuse(reasonNotObject, "an element of results is not an object")
		return
	}
	p.foreign = !utf8.Valid(b)
	if p.scan(b, strict) {
		return
	}
	m, ok := provenMode(b)
	if !ok {
		m = literal
	}
	switch {
	case !p.scan(b, m):
		p.refuse(reasonMalformedJSON, "the record is not one JSON object")
	case m == literal:
		p.src.Tally.add(quirkUnescaped)
	}
}

// noteScan counts the findings of finding and decoding the fields.
func (p *recordParser) noteScan() {
	for _, f := range [...]struct {
		quirk string
		n     int
	}{
		{quirkUnknownKey, p.unknown}, {quirkDuplicateKey, p.duplicate}, {quirkControlCharacter, p.control},
		{quirkKeyCase, bits.OnesCount32(p.cased)}, {quirkTrailingBackslash, p.trailing}, {quirkIllegalEscape, p.illegal}, {quirkLoneSurrogate, p.surrogate},
	} {
		for range f.n {
			p.src.Tally.add(f.quirk)
		}
	}
}

func (p *recordParser) identify() {
	if p.reject != nil {
		return
	}
	p.c.UID = p.text(fieldUID)
	if p.reject == nil && strings.TrimSpace(p.c.UID) == "" {
		p.refuse(reasonUIDMissing, "uid is %s", p.show(fieldUID))
	}
}

// describe reads the texts and the mode.
func (p *recordParser) describe() {
	c := &p.c
	for i, to := range c.Texts() {
		if p.reject != nil {
			return
		}
		*to = p.text(firstText + field(i))
	}
	if c.Staff.Name == "" || c.Target.Name == "" {
		p.src.Tally.add(quirkAnonymousParty)
	}
	p.direction()
}

// text returns the value of a text field. Null and absent are empty.
func (p *recordParser) text(f field) string {
	switch v := p.values[f]; v.kind {
	case absent:
		return ""
	case str:
		return p.decode(v.text)
	case null:
		p.src.Tally.add(quirkNullText)
		return ""
	case number:
		p.src.Tally.add(quirkNumberForText)
		return p.plain(f)
	default:
		p.refuse(reasonWrongType, "%s is %s", fieldNames[f], v.kind)
		return ""
	}
}

// showLength limits a value in a Reject's Detail.
const showLength = 60

// show returns a value as it is in the record, shortened.
func (p *recordParser) show(f field) string {
	v := p.values[f]
	if v.kind == absent {
		return "absent"
	}
	s := p.plain(f)
	if p.foreign && !utf8.ValidString(s) {
		s, _ = readCharset(s, p.charset)
	}
	if len(s) > showLength {
		s = strings.ToValidUTF8(s[:showLength], "") + "…"
	}
	if v.kind == str {
		return `"` + s + `"`
	}
	return s
}
