package engine

import "strings"

// statement is what must be known of a query's text to serve it: where the data of an INSERT
// starts, and the query's format. It does not decide what is allowed; the engine's own parser does
// (gate.go).
type statement struct {
	text   string // without the inline data and, for an INSERT with data, without FORMAT
	insert bool   // INSERT with data
	format string // of the FORMAT clause, or ""
	data   string // of an INSERT: the text after the format
}

// parseStatement scans text, which may be only the start of a request's body: an INSERT up to its
// data.
func parseStatement(text string) statement {
	l := lexer{text: text}
	first := l.next()
	for first.text == "(" {
		first = l.next()
	}
	insert := first.is("INSERT")
	s := statement{text: text}
	depth := 0
	var before token
	for t := first; t.kind != tokenEnd; before, t = t, l.next() {
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth > 0 || t.kind != tokenWord:
		case before.is("INTO") || before.is("TABLE") || before.text == ".": // the name of a table
		case insert && (t.is("SELECT") || t.is("WITH") || t.is("WATCH")):
			insert = false
		case insert && t.is("VALUES"):
			return statement{text: text[:t.start], insert: true, format: "Values", data: text[l.at:]}
		case t.is("FORMAT"):
			name := l.next()
			if name.kind != tokenWord && name.kind != tokenName {
				continue
			}
			s.format = name.name() // the last one counts: a column may have that name too
			if insert {
				return statement{text: text[:t.start], insert: true, format: s.format, data: afterFormat(text[l.at:])}
			}
		}
	}
	return s
}

// afterFormat skips what ClickHouse's parser skips between the name of the format and the data:
// blanks, a semicolon and one line break.
func afterFormat(s string) string {
	s = strings.TrimLeft(s, " \t\f")
	s = strings.TrimPrefix(s, ";")
	s = strings.TrimPrefix(s, "\r")
	return strings.TrimPrefix(s, "\n")
}

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // bare word or number
	tokenName             // `quoted` or "quoted"
	tokenString           // 'quoted' or $tag$quoted$tag$
	tokenOther
)

type token struct {
	kind  tokenKind
	start int
	text  string
}

func (t token) is(keyword string) bool {
	return t.kind == tokenWord && strings.EqualFold(t.text, keyword)
}

func (t token) name() string {
	if t.kind == tokenName {
		return t.text[1 : len(t.text)-1]
	}
	return t.text
}

// lexer splits ClickHouse SQL into tokens. It skips blanks and comments.
type lexer struct {
	text     string
	at       int
	lastTags map[string]int // the last position of each $tag$; nil until a $ is found
}

func (l *lexer) next() token {
	l.skipBlanks()
	start := l.at
	if start >= len(l.text) {
		return token{kind: tokenEnd, start: start}
	}
	cut := func(kind tokenKind, end int) token {
		l.at = end
		return token{kind, start, l.text[start:end]}
	}
	switch c := l.text[start]; {
	case isWordByte(c):
		end := start
		for end < len(l.text) && isWordByte(l.text[end]) {
			end++
		}
		return cut(tokenWord, end)
	case c == '\'':
		return cut(tokenString, l.quoted(c))
	case c == '`' || c == '"':
		if end := l.quoted(c); end-start >= 2 {
			return cut(tokenName, end)
		}
		return cut(tokenOther, len(l.text))
	case c == '$':
		if end, ok := l.hereDoc(); ok {
			return cut(tokenString, end)
		}
	}
	return cut(tokenOther, start+1)
}

// hereDoc returns the end of the $tag$text$tag$ that starts at l.at. It looks up the last position
// of each tag: searching for each one would take minutes in a long text of only tags.
func (l *lexer) hereDoc() (end int, ok bool) {
	n := strings.IndexByte(l.text[l.at+1:], '$')
	if n < 0 {
		return 0, false
	}
	if l.lastTags == nil {
		l.lastTags = map[string]int{}
		for i, next := l.at, n+1; next > 0; next = strings.IndexByte(l.text[i+1:], '$') + 1 {
			l.lastTags[l.text[i:i+next+1]] = i
			i += next
		}
	}
	tag := l.text[l.at : l.at+n+2]
	text := l.at + len(tag)
	if l.lastTags[tag] < text {
		return 0, false
	}
	return text + strings.Index(l.text[text:], tag) + len(tag), true
}

// quoted returns the end of the literal that starts at l.at. Quotes are doubled or escaped by a
// backslash.
func (l *lexer) quoted(quote byte) int {
	for i := l.at + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
		case quote:
			if i+1 >= len(l.text) || l.text[i+1] != quote {
				return i + 1
			}
			i++
		}
	}
	return len(l.text)
}

func (l *lexer) skipBlanks() {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.ContainsRune(" \t\r\n\f\v", rune(rest[0])):
			l.at++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			l.skipPast(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			l.skipPast(rest, "*/")
		default:
			return
		}
	}
}

func (l *lexer) skipPast(rest, end string) {
	if n := strings.Index(rest, end); n >= 0 {
		l.at += n + len(end)
		return
	}
	l.at = len(l.text)
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
