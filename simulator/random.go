package simulator

// RandomQuirks draws a combination of quirks under which a report can be read truthfully: how answers are written and which
// sessions they list. What should not change in mid-day stays as the document has it: Zone, DayOffset, FlipDelay and StandsAt,
// Method and RequestType.
func RandomQuirks(seed uint64) Quirks {
	r := stream(seed, hashOf("quirks"))
	half := func() bool { return r.chance(0.5) }
	q := Quirks{
		RawBackslashes: half(),
		RawControls:    half(),
		ShortParts:     half(),
		Dur:            pick(&r, []DurKey{DurColon, DurPlain, DurBoth, DurConflict}),
		TextDur:        half(),
		NumericUID:     half(),
		ExtraKeys:      half(),
		Compact:        half(),
		Charset:        pick(&r, []Charset{UTF8, UTF8BOM, Windows1254}),
		DeclareCharset: half(),
		ContentType:    pick(&r, []string{"", "text/html", "text/plain", "application/octet-stream"}),
		EndedOnly:      half(),
		Empty:          pick(&r, []EmptyDay{EmptyArray, EmptyNull, EmptyAbsent}),
		ResultsFirst:   half(),
		ErrorStatus:    pick(&r, []int{0, 400, 403, 500}),
	}
	if r.chance(0.25) {
		q.Vanish = 0.1 * r.float()
	}
	q.Mixed = r.chance(0.25)
	// Of unescaped backslashes only those of dt are sure to be no escapes: the \b of OFIS\berk could be one.
	if escaped := !q.RawBackslashes; escaped {
		q.EscapeSlashes, q.EscapeUnicode = half(), half()
		q.Separator = pick(&r, []byte{0, '/', '.', '-'})
	}
	q.MixedTexts = q.Charset != Windows1254 && r.chance(0.25)
	return q
}
