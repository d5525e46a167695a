package parser

import (
	"strings"
	"time"

	"alpemix-collector/report"
)

// civil is a date and time as a wall clock shows them, in seconds as if the clock were in UTC.
type civil int64

// dtForm says what was unusual about a dt.
type dtForm struct {
	separator bool // a date separator other than the documented backslash
	doubled   bool // two backslashes for one
	short     bool // a part of one digit
}

// readDT parses "hour:minute:second day\month\year" (alpemix.txt, key dt). The day always comes
// first. A date that is impossible in this order is rejected; day and month are never swapped.
func readDT(s string) (c civil, form dtForm, ok bool) {
	r := dtReader{rest: strings.TrimSpace(s), ok: true}
	hour := r.part()
	r.skip(':')
	minute := r.part()
	r.skip(':')
	second := r.part()
	r.skip(' ')
	r.rest = strings.TrimLeft(r.rest, " ")
	day := r.part()
	sep := r.separator(0)
	month := r.part()
	r.separator(sep)
	year := r.year()
	if !r.ok || hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 {
		return 0, r.form, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day {
		return 0, r.form, false
	}
	return civil(t.Unix()), r.form, true
}

type dtReader struct {
	rest string
	form dtForm
	ok   bool
}

// number reads one to limit digits.
func (r *dtReader) number(limit int) (n, digits int) {
	for digits < len(r.rest) && digits < limit && '0' <= r.rest[digits] && r.rest[digits] <= '9' {
		n = n*10 + int(r.rest[digits]-'0')
		digits++
	}
	r.ok = r.ok && digits > 0
	r.rest = r.rest[digits:]
	return n, digits
}

func (r *dtReader) part() int {
	n, digits := r.number(2)
	r.form.short = r.form.short || digits == 1
	return n
}

// year reads the last part. It needs four digits, because two would leave the century open.
func (r *dtReader) year() int {
	n, digits := r.number(4)
	r.ok = r.ok && digits == 4 && r.rest == ""
	return n
}

func (r *dtReader) skip(c byte) {
	if r.ok = r.ok && r.rest != "" && r.rest[0] == c; r.ok {
		r.rest = r.rest[1:]
	}
}

// separator reads a date separator, which must equal before unless that is 0.
func (r *dtReader) separator(before byte) byte {
	if r.rest == "" || !strings.ContainsRune(`\/.-`, rune(r.rest[0])) || before != 0 && r.rest[0] != before {
		r.ok = false
		return 0
	}
	sep := r.rest[0]
	r.rest = r.rest[1:]
	if sep != '\\' {
		r.form.separator = true
	} else if strings.HasPrefix(r.rest, `\`) {
		r.form.doubled = true
		r.rest = r.rest[1:]
	}
	return sep
}

// day returns the date that c shows.
func (c civil) day() report.Day {
	d := int64(c) / 86400
	if int64(c)%86400 < 0 {
		d--
	}
	return report.Day(d)
}
