package engine

import "strings"

// canonical returns text as the engine's own parser prints it: one statement, without comments,
// with keywords in capitals. It returns an error for text that the parser rejects. It executes
// nothing.
func canonical(c *conn, text string) (string, error) {
	var out []byte
	_, err := c.query("SELECT formatQuery({text:String})", "RawBLOB", []param{{"text", escapeParam(text)}}, func(b []byte) error {
		out = append(out, b...)
		return nil
	})
	if ex, ok := err.(*Exception); ok {
		// The engine appends our own query, which repeats the text.
		if n := strings.LastIndex(ex.Message, ": In scope SELECT formatQuery("); n >= 0 {
			ex.Message = strings.TrimRight(ex.Message[:n], " .") + ". (" + codeNames[codeSyntaxError] + ")"
		}
	}
	return string(out), err
}

// escapeParam returns the value of a parameter in the escaped form that the engine reads.
func escapeParam(s string) string {
	return strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r", "\x00", "\\0", "\b", "\\b", "\f", "\\f").Replace(s)
}

// checkCanonical refuses a reader's statement if it contains a forbidden setting or format, or a
// file clause of libchdb's client. rows is the number of rows in a block.
func (e *engine) checkCanonical(text string, rows int) error {
	tokens := canonicalTokens(text)
	if err := checkCasts(tokens); err != nil {
		return err
	}
	at := func(i int) token {
		if i < len(tokens) {
			return tokens[i]
		}
		return token{kind: tokenEnd}
	}
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.kind != tokenWord {
			continue
		}
		switch t.text {
		case "OUTFILE", "INFILE":
			return refuse(codeReadonly, "Cannot write into a file or read one in readonly mode")
		case "FORMAT":
			if name := at(i + 1); name.kind == tokenWord || name.kind == tokenName {
				// A column may be called FORMAT, and what follows it then is a keyword or an alias.
				if f := name.name(); e.formats[strings.ToLower(f)] && at(i+2).text != "." {
					if err := e.checkFormat(f); err != nil {
						return err
					}
				}
			}
		case "SETTINGS":
			for n := i + 1; ; {
				name, value, next, ok := settingAt(tokens, n)
				if !ok {
					break
				}
				if err := e.checkSetting(name, value, rows); err != nil {
					return err
				}
				if at(next).text != "," {
					break
				}
				n = next + 1
			}
		}
	}
	return nil
}

// settingAt reads "name = value" from tokens[i:] and returns the index of the token after the
// value. A value ends before a comma, a closing bracket, or a keyword outside of brackets.
func settingAt(tokens []token, i int) (name, value string, next int, ok bool) {
	for part := true; ; part = !part { // names and dots alternate
		if i >= len(tokens) {
			return "", "", i, false
		}
		t := tokens[i]
		if !part && t.text == "=" {
			break
		}
		if part != (t.kind == tokenWord || t.kind == tokenName) || !part && t.text != "." {
			return "", "", i, false
		}
		name += t.name()
		i++
	}
	depth := 0
	for i++; i < len(tokens); i++ {
		switch t := tokens[i]; t.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			if depth--; depth < 0 {
				return name, value, i, true
			}
		case ",":
			if depth == 0 {
				return name, value, i, true
			}
		case "FORMAT", "INTO", "UNION", "INTERSECT", "EXCEPT", "SELECT", "SETTINGS", "PARALLEL":
			if depth == 0 && t.kind == tokenWord && value != "" {
				return name, value, i, true
			}
		}
		value += tokens[i].text
	}
	return name, value, i, true
}

// canonicalTokens splits the result of canonical. It contains no comments; what looks like one is
// an operator.
func canonicalTokens(text string) []token {
	var tokens []token
	l := lexer{text: text}
	for l.at < len(text) {
		start := l.at
		switch c := text[start]; {
		case strings.IndexByte(" \t\r\n\f\v", c) >= 0:
			l.at++
			continue
		case isWordByte(c):
			for l.at < len(text) && isWordByte(text[l.at]) {
				l.at++
			}
			tokens = append(tokens, token{tokenWord, start, text[start:l.at]})
		case c == '\'':
			l.at = l.quoted(c)
			tokens = append(tokens, token{tokenString, start, text[start:l.at]})
		case c == '`' || c == '"':
			l.at = l.quoted(c)
			kind := tokenName
			if l.at-start < 2 {
				kind = tokenOther
			}
			tokens = append(tokens, token{kind, start, text[start:l.at]})
		default:
			l.at++
			tokens = append(tokens, token{tokenOther, start, text[start:l.at]})
		}
	}
	return tokens
}
