package simulator

import (
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"alpemix-collector/report"
)

// Quirks answers the questions that alpemix.txt leaves open (vendors/README.md, section 1). The zero value is the document
// read literally, as valid JSON.
type Quirks struct {
	RawBackslashes bool // backslashes are not escaped, as by a Delphi server; only \" is an escape then
	RawControls    bool // CR, LF and TAB in texts are not escaped
	EscapeSlashes  bool // / is written \/; not together with RawBackslashes
	EscapeUnicode  bool // everything outside ASCII is written \uXXXX; not together with RawBackslashes

	Separator  byte   // between the parts of dt's date: 0 means '\', otherwise '/', '.' or '-'
	ShortParts bool   // no leading zeros in dt
	Dur        DurKey // which key holds the duration
	TextDur    bool   // dur and dir are strings
	NumericUID bool   // uid is a number
	ExtraKeys  bool   // rows have keys that the document does not know
	Compact    bool   // no optional white space

	// Mixed writes every third connection the other way: in windows-1254 and with nothing but quotes escaped where the
	// others are UTF-8 and escaped, and the reverse. The rows of one report then need different readings.
	Mixed bool

	// MixedTexts writes every other letter of a text in windows-1254 where the rest is UTF-8, as a program
	// does that joins texts from two sources; not together with Windows1254.
	MixedTexts bool

	Charset        Charset
	DeclareCharset bool   // Content-Type names the charset
	ContentType    string // of answers: "" means application/json

	EndedOnly bool    // a session is listed once it has ended, at the place of its start; otherwise from its start, with growing dur
	Vanish    float64 // the share of sessions that disappear from the report after their end

	Empty        EmptyDay
	ResultsFirst bool // errornumber comes after results
	ErrorStatus  int  // HTTP status of answers whose errornumber is not 0: 0 means 200

	// Zone is what dt is written in; nil means the account's.
	Zone *time.Location
	// DayOffset moves the bounds of the vendor's days: each lasts from midnight in Zone plus DayOffset to the next. With it a
	// report holds rows whose dt says another day.
	DayOffset time.Duration
	// FlipDelay moves the moment from which "today" means the next day, and "yesterday" this one, without moving the days.
	FlipDelay time.Duration
	// StandsAt is the day that "today" means whatever the clock says, as if the vendor's day stood still; 0 means none.
	StandsAt report.Day

	// Method and RequestType are what a request must have to be read at all: "" means POST and application/json. They hold for
	// the whole vendor, so set them for all accounts.
	Method, RequestType string
}

// DurKey says how a row spells the key of its duration.
type DurKey string

// The key list of alpemix.txt says dur, its samples say "dur:".
const (
	DurColon    DurKey = ""         // as the samples
	DurPlain    DurKey = "dur"      // as the key list
	DurBoth     DurKey = "both"     // both keys, equal
	DurConflict DurKey = "conflict" // both keys, "dur:" a second more; dur is the truth
)

// Charset is the encoding of an answer.
type Charset string

// Charsets. Windows1254 has no place for some characters; they become '?', in the truth as well.
const (
	UTF8        Charset = ""
	UTF8BOM     Charset = "utf-8-bom"
	Windows1254 Charset = "windows-1254"
)

// EmptyDay is the value of results on a day without connections.
type EmptyDay string

// Forms of the empty day.
const (
	EmptyArray  EmptyDay = ""
	EmptyNull   EmptyDay = "null"
	EmptyAbsent EmptyDay = "absent"
)

// Mode is a named set of quirks.
type Mode struct {
	Name   string
	Quirks Quirks
}

// Modes are the readings of the document that must work, one quirk each and the likeliest combinations.
func Modes() []Mode {
	return []Mode{
		{"document", Quirks{}},
		{"raw", Quirks{RawBackslashes: true, RawControls: true}},
		{"raw-compact", Quirks{RawBackslashes: true, RawControls: true, Compact: true, Dur: DurPlain}},
		{"raw-backslashes-only", Quirks{RawBackslashes: true}},
		{"raw-controls-only", Quirks{RawControls: true}},
		{"cp1254", Quirks{Charset: Windows1254}},
		{"cp1254-declared", Quirks{Charset: Windows1254, DeclareCharset: true}},
		{"cp1254-raw", Quirks{Charset: Windows1254, RawBackslashes: true, RawControls: true, Dur: DurPlain}},
		{"mixed", Quirks{Mixed: true}},
		{"mixed-declared", Quirks{Mixed: true, DeclareCharset: true, EscapeUnicode: true, EscapeSlashes: true}},
		{"mixed-cp1254", Quirks{Mixed: true, Charset: Windows1254, RawBackslashes: true, RawControls: true}},
		{"mixed-cp1254-declared", Quirks{Mixed: true, Charset: Windows1254, DeclareCharset: true}},
		{"mixed-texts", Quirks{MixedTexts: true}},
		{"mixed-texts-declared", Quirks{MixedTexts: true, DeclareCharset: true, RawBackslashes: true, RawControls: true}},
		{"bom", Quirks{Charset: UTF8BOM}},
		{"bom-raw", Quirks{Charset: UTF8BOM, RawBackslashes: true, RawControls: true}},
		{"escape-unicode", Quirks{EscapeUnicode: true, EscapeSlashes: true}},
		{"dur", Quirks{Dur: DurPlain}},
		{"dur-both", Quirks{Dur: DurBoth}},
		{"dur-conflict", Quirks{Dur: DurConflict}},
		{"text-dur", Quirks{TextDur: true}},
		{"slash", Quirks{Separator: '/'}},
		{"slash-escaped", Quirks{Separator: '/', EscapeSlashes: true}},
		{"dot", Quirks{Separator: '.', ShortParts: true}},
		{"dash", Quirks{Separator: '-'}},
		{"short-raw", Quirks{ShortParts: true, RawBackslashes: true, RawControls: true}},
		{"null", Quirks{Empty: EmptyNull}},
		{"absent", Quirks{Empty: EmptyAbsent}},
		{"results-first", Quirks{ResultsFirst: true, Compact: true}},
		{"numeric-uid", Quirks{NumericUID: true}},
		{"extra-keys", Quirks{ExtraKeys: true}},
		{"ended-only", Quirks{EndedOnly: true}},
		{"vanish", Quirks{Vanish: 0.05}},
		{"error-status", Quirks{ErrorStatus: 400}},
		{"text-html", Quirks{ContentType: "text/html"}},
		{"late-flip", Quirks{FlipDelay: 10 * time.Minute}},
		{"early-flip", Quirks{FlipDelay: -10 * time.Minute}},
		{"shifted-day", Quirks{DayOffset: 3 * time.Hour}},
	}
}

// of is how a session is written.
func (q *Quirks) of(s *session) *Quirks {
	if !q.isOther(s) {
		return q
	}
	other := q.other()
	return &other
}

func (q *Quirks) isOther(s *session) bool { return q.Mixed && s.uid%3 == 0 }

// other is the second way in which Mixed writes.
func (q *Quirks) other() Quirks {
	other := *q
	other.Charset, other.MixedTexts = Windows1254, false
	if q.Charset == Windows1254 {
		other.Charset = UTF8
	}
	if q.Separator == 0 { // else nothing proves that a backslash is data
		other.RawBackslashes = !q.RawBackslashes
		other.RawControls = other.RawBackslashes
	}
	if other.RawBackslashes {
		other.EscapeUnicode, other.EscapeSlashes = false, false
	}
	return other
}

// shows reports whether s is in a report made at t, unix seconds.
func (q *Quirks) shows(s *session, t int64) bool {
	appears := s.start
	if q.EndedOnly {
		appears = s.end
	}
	return t >= appears && (s.fate >= q.Vanish || t < s.vanish)
}

// bounds is the span of the vendor's day.
func (q *Quirks) bounds(day report.Day) (from, to time.Time) {
	return day.Start(q.Zone).Add(q.DayOffset), (day + 1).Start(q.Zone).Add(q.DayOffset)
}

// today is the day that requestnumber 1 means at t.
func (q *Quirks) today(t time.Time) report.Day {
	if q.StandsAt != 0 {
		return q.StandsAt
	}
	return report.DayOf(t.Add(-q.DayOffset - q.FlipDelay).In(q.Zone))
}

// readableFrom is the first moment at which day is today.
func (q *Quirks) readableFrom(day report.Day) time.Time {
	return day.Start(q.Zone).Add(q.DayOffset + q.FlipDelay)
}

// readableUntil is the first moment at which day is no longer yesterday.
func (q *Quirks) readableUntil(day report.Day) time.Time {
	return (day + 2).Start(q.Zone).Add(q.DayOffset + q.FlipDelay)
}

// contentType is the header of answers.
func (q *Quirks) contentType() string {
	t := q.ContentType
	if t == "" {
		t = "application/json"
	}
	if q.DeclareCharset {
		if q.Charset == Windows1254 {
			return t + "; charset=windows-1254"
		}
		return t + "; charset=utf-8"
	}
	return t
}

// readAs is what a reader takes the start t for, who believes dt to be in zone: dt has no offset, so of a local time that
// happens twice it can only be the first.
func (q *Quirks) readAs(t time.Time, zone *time.Location) time.Time {
	y, month, d := t.In(q.Zone).Date()
	h, m, s := t.In(q.Zone).Clock()
	read := time.Date(y, month, d, h, m, s, 0, zone)
	if change, _ := read.ZoneBounds(); !change.IsZero() {
		_, before := change.Add(-time.Second).Zone()
		_, after := read.Zone()
		if first := read.Add(time.Duration(after-before) * time.Second); before > after && first.Before(change) {
			read = first
		}
	}
	return read.UTC()
}

// arrives is what a reader gets of text: the characters that the charset has, and with backslashes unescaped but control
// characters escaped, those escapes as they stand, because nothing distinguishes them from a path.
func (q *Quirks) arrives(text string) string {
	if q.RawBackslashes && !q.RawControls {
		text = escapedControls.Replace(text)
	}
	if q.Charset != Windows1254 || q.EscapeUnicode && !q.RawBackslashes {
		return text
	}
	return strings.Map(func(r rune) rune {
		if _, ok := charmap.Windows1254.EncodeRune(r); !ok {
			return '?'
		}
		return r
	}, text)
}

var escapedControls = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`)

func (q *Quirks) party(p *report.Party) report.Party {
	arrived := *p
	arrived.Name = q.arrives(p.Name)
	return arrived
}
