package secret

import "unicode"

// Name returns the name of an invisible character, and "" for a space and for visible characters.
func Name(r rune) string {
	if name := names[r]; name != "" {
		return name
	}
	switch {
	case r == ' ':
		return ""
	case unicode.IsControl(r):
		return "a control character"
	case unicode.In(r, unicode.Zs):
		return "an unusual space"
	case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return "a format character"
	case unicode.In(r, unicode.Co):
		return "a private character"
	case !unicode.IsPrint(r):
		return "an unassigned character"
	}
	return ""
}

// names has the characters that editors, web pages and messengers leave in copied text.
var names = map[rune]string{
	0x0000: "NUL",
	'\t':   "a tab",
	'\n':   "a line feed",
	'\r':   "a carriage return",
	0x001b: "an escape character",
	0x0085: "a next-line character",
	0x00a0: "a no-break space",
	0x00ad: "a soft hyphen",
	0x034f: "a combining grapheme joiner",
	0x061c: "an Arabic letter mark",
	0x115f: "a Hangul filler",
	0x1160: "a Hangul filler",
	0x180e: "a Mongolian vowel separator",
	0x200b: "a zero-width space",
	0x200c: "a zero-width non-joiner",
	0x200d: "a zero-width joiner",
	0x200e: "a left-to-right mark",
	0x200f: "a right-to-left mark",
	0x2028: "a line separator",
	0x2029: "a paragraph separator",
	0x202a: "a left-to-right embedding",
	0x202b: "a right-to-left embedding",
	0x202c: "an end of a direction",
	0x202d: "a left-to-right override",
	0x202e: "a right-to-left override",
	0x202f: "a narrow no-break space",
	0x2060: "a word joiner",
	0x2800: "a blank Braille pattern",
	0x3000: "an ideographic space",
	0x3164: "a Hangul filler",
	0xfeff: "a byte order mark",
	0xffa0: "a Hangul filler",
	0xfffd: "a replacement character, which stands for text that was damaged before",
}
