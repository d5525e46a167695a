package parser

import (
	"math"
	"strconv"
	"strings"
	"time"

	"alpemix-collector/report"
)

// last reads the duration, from "dur" or from "dur:". The former wins.
func (p *recordParser) last() {
	if p.reject != nil {
		return
	}
	f := fieldDur
	if !p.has(fieldDur) && p.has(fieldDurColon) {
		f = fieldDurColon
	}
	if p.has(fieldDurColon) {
		p.src.Tally.add(quirkDurColon)
	}
	seconds, ok := p.seconds(f)
	if !ok {
		return
	}
	if f == fieldDur && p.has(fieldDurColon) && p.plain(fieldDur) != p.plain(fieldDurColon) {
		p.src.Tally.add(quirkDurConflict)
	}
	longest := LongestDuration.Seconds()
	switch {
	case seconds < 0:
		p.refuse(reasonDurationNegative, "%s is %s", fieldNames[f], p.show(f))
	case seconds > longest:
		p.refuse(reasonDurationAbsurd, "%s is %s seconds, more than %.0f", fieldNames[f], p.show(f), longest)
	default:
		p.c.Duration = time.Duration(seconds) * time.Second
		if p.c.StartedAt.Add(p.c.Duration).After(p.src.FetchedAt.Add(Grace)) {
			p.refuse(reasonDurationAbsurd, "%s is %s seconds, so that the connection ends more than a day after it was read", fieldNames[f], p.show(f))
		}
	}
}

func (p *recordParser) has(f field) bool { return p.values[f].kind > null }

// seconds returns a duration, from a number or a number in a text, whole or not. Absent, null and
// "" are 0.
func (p *recordParser) seconds(f field) (n float64, ok bool) {
	v := p.values[f]
	s := ""
	switch v.kind {
	case number:
		s = p.plain(f)
	case str:
		if s = strings.TrimSpace(p.decode(v.text)); s != "" {
			p.src.Tally.add(quirkDurText)
		}
	case absent, null:
	default:
		p.refuse(reasonWrongType, "%s is %s", fieldNames[f], v.kind)
		return 0, false
	}
	if s == "" {
		p.src.Tally.add(quirkDurMissing)
		return 0, true
	}
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		return float64(n), true
	}
	n, err := strconv.ParseFloat(s, 64) // out of range it is infinite, and absurd
	if strings.Trim(s, "0123456789+-.eE") != "" || err != nil && !math.IsInf(n, 0) {
		p.refuse(reasonWrongType, "%s is %s, not a number", fieldNames[f], p.show(f))
		return 0, false
	}
	if whole := math.Floor(n); whole != n {
		p.src.Tally.add(quirkDurFraction)
		n = whole
	}
	return n, true
}

// direction reads dir.
func (p *recordParser) direction() {
	if p.reject != nil {
		return
	}
	s := ""
	switch v := p.values[fieldDir]; v.kind {
	case number:
		s = p.plain(fieldDir)
	case str:
		s = strings.TrimSpace(p.decode(v.text))
		p.src.Tally.add(quirkDirText)
	case absent, null:
	default:
		p.refuse(reasonWrongType, "dir is %s", v.kind)
		return
	}
	switch s {
	case "0":
		p.c.Mode = report.ModeSupport
	case "1":
		p.c.Mode = report.ModePresentation
	default:
		p.src.Tally.add(quirkDirUnknown)
	}
}
