package reseller

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	encoding "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

// saveAs is the advice about a file in another encoding.
const saveAs = "save the file as UTF-8, in Excel as \"CSV UTF-8\""

// tableText is a table of a spreadsheet as UTF-8 with line feeds, and what separates its columns. It
// accepts UTF-16 with a byte order mark, files of which the lines end with a carriage return alone, and
// a first line such as sep=; that Excel understands, which becomes an empty one.
func tableText(text []byte) (plain []byte, comma rune, err error) {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		text, err = encoding.UTF16(encoding.LittleEndian, encoding.ExpectBOM).NewDecoder().Bytes(text)
		if err != nil {
			return nil, 0, fmt.Errorf("line 1: has the byte order mark of UTF-16 and is not readable as that: %w", err)
		}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !bytes.ContainsRune(text, '\n') {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, 0, fmt.Errorf("line %d: holds NUL bytes, as UTF-16 without a byte order mark does; %s",
			lineAt(text, i), saveAs)
	}
	if !utf8.Valid(text) {
		for i, line := range bytes.Split(text, []byte("\n")) {
			if !utf8.Valid(line) {
				return nil, 0, fmt.Errorf("line %d: holds bytes that are not UTF-8; %s", i+1, saveAs)
			}
		}
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	if comma, isSeparator, err := separatorLine(string(first)); isSeparator {
		return append([]byte("\n"), rest...), comma, err
	}
	return text, separatorOf(text), nil
}

func lineAt(text []byte, i int) int { return 1 + bytes.Count(text[:i], []byte("\n")) }

var separator = regexp.MustCompile(`(?i)^"?sep=(.*?)"?[,;\t]*$`)

// separatorLine reads Excel's line that says what separates the columns.
func separatorLine(line string) (comma rune, found bool, err error) {
	m := separator.FindStringSubmatch(strings.TrimRight(line, "\r "))
	switch {
	case m == nil:
		return 0, false, nil
	case len(m[1]) == 1 && strings.Contains(",;\t|", m[1]):
		return rune(m[1][0]), true, nil
	case m[1] == "": // the separator stood last, and looks like an empty column
		if line = strings.TrimRight(line, "\r \""); strings.ContainsAny(line[len(line)-1:], ",;\t") {
			return rune(line[len(line)-1]), true, nil
		}
	}
	return 0, true, errors.New("line 1: sep= has to name a comma, a semicolon, a tab or a bar")
}

// separatorOf is what separates the columns of the first line that is not empty.
func separatorOf(text []byte) rune {
	first, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	for _, comma := range "\t;|" {
		if bytes.ContainsRune(first, comma) {
			return comma
		}
	}
	return ','
}

// What spreadsheets make of cells that they take for numbers or formulas.
var (
	shortened = regexp.MustCompile(`^[-+]?[0-9]+([.,][0-9]+)?[eE][-+][0-9]+$`)
	hashes    = regexp.MustCompile(`^#+$|^#[\pL/0-9]+[!?]$|^#(N/A|NV|YOK|N/D|BRAK)$`)
	rounded   = regexp.MustCompile(`^[1-9][0-9]{15,}$`)
)

// damagedText says what is wrong with a cell whose text a spreadsheet has replaced; empty if nothing.
func damagedText(text string) string {
	switch {
	case shortened.MatchString(text):
		return "is a number that a spreadsheet has shortened; " +
			"format the column as text and enter the whole value again"
	case hashes.MatchString(text):
		return "is what a spreadsheet shows instead of a value; enter the value again"
	case strings.HasPrefix(text, "="):
		return "is a formula; enter the value alone"
	}
	return ""
}

// doubtfulText says what is probably not meant in a cell; empty if nothing is.
func doubtfulText(text string) string {
	invisible := strings.IndexFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) })
	switch {
	case invisible >= 0:
		r, _ := utf8.DecodeRuneInString(text[invisible:])
		return fmt.Sprintf("holds the invisible character %U; it matches only values that have it, too", r)
	case !norm.NFC.IsNormalString(text):
		return "has accents as separate characters (not NFC); it matches only values that do, too"
	case rounded.MatchString(text) && strings.HasSuffix(text, "0"):
		return "has more digits than a spreadsheet keeps; are the last ones still there?"
	case strings.HasPrefix(text, "'"):
		return "begins with an apostrophe, which spreadsheets use to mark a text"
	}
	return ""
}

// nameKey is the same for names that a reader takes for one: they differ in case, also of the Turkish
// i, in blanks, or in how Unicode writes them.
func nameKey(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("I\u0130\u0131", r):
			return 'i'
		case r == '\u0307' || unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf):
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(name))
	return name
}
