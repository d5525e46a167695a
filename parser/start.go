package parser

import (
	"strings"
	"time"
)

// start reads dt, the start of the connection.
func (p *recordParser) start() {
	if p.reject != nil {
		return
	}
	v := p.values[fieldDT]
	var buf [32]byte // fits any valid dt, so that removing its escapes needs no allocation
	var dt string
	switch {
	case v.kind == str && v.marks&escaped != 0 && p.mode != literal:
		dt = string(p.appendDecoded(buf[:0], p.plain(fieldDT)))
	case v.kind == str:
		dt = p.plain(fieldDT)
	case v.kind > null:
		p.refuse(reasonWrongType, "dt is %s", v.kind)
		return
	}
	if strings.TrimSpace(dt) == "" {
		p.refuse(reasonDTMissing, "dt is %s", p.show(fieldDT))
		return
	}
	shown, form, ok := readDT(dt)
	if !ok {
		p.refuse(reasonDTImpossible, `dt is %s, not a time of the form hour:minute:second day\month\year`, p.show(fieldDT))
		return
	}
	loc := p.src.Location
	if loc == nil {
		loc = time.UTC
	}
	at, shown, times := resolve(shown, loc)
	if shown < FirstMoment || at.After(p.src.FetchedAt.Add(Grace)) {
		p.refuse(reasonDTOutOfRange, "dt is %s, before the year 2000 or more than a day after it was read", p.show(fieldDT))
		return
	}
	p.c.StartedAt, p.c.LocalDay = at, shown.day()
	p.noteStart(form, times)
}

func (p *recordParser) noteStart(form dtForm, times occurrence) {
	if form.separator {
		p.src.Tally.add(quirkDTSeparator)
	}
	if form.doubled {
		p.src.Tally.add(quirkDTDoubled)
	}
	if form.short {
		p.src.Tally.add(quirkDTShort)
	}
	switch times {
	case twice:
		p.src.Tally.add(quirkDTTwice)
	case never:
		p.src.Tally.add(quirkDTNever)
	}
}
