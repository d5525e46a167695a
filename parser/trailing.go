package parser

import "bytes"

// trailer classifies what follows the closing brace of an answer.
type trailer uint8

const (
	nothing       trailer = iota // or space
	harmless                     // NUL and other control characters, a comment
	foreignText                  // anything else
	anotherObject                // a JSON object: it is unclear which of the two answers counts
)

// trailing reads what follows the document, to its end. The error describes it as garbage.
func (s *splitter) trailing() (*Error, trailer) {
	found, brace, garbage := nothing, false, &Error{Reason: TrailingGarbage}
	var head []byte
	for {
		for ; s.pos < len(s.buf); s.pos++ {
			switch c := s.buf[s.pos]; {
			case space(c):
			case c < ' ' || c == 0x7f:
				found, brace = harmless, false
			default:
				if len(head) == 0 {
					garbage.Offset = s.offset()
				}
				if len(head) < excerptLength {
					head = append(head, c)
				}
				if brace && c == '"' {
					garbage.Seen = excerpt(head)
					return garbage, anotherObject
				}
				brace = c == '{'
			}
		}
		if !s.more() {
			break
		}
	}
	if len(head) == 0 {
		return nil, found
	}
	for _, sign := range []string{"//", "/*", "<!--", "#"} {
		if bytes.HasPrefix(head, []byte(sign)) {
			return nil, harmless
		}
	}
	garbage.Seen = excerpt(head)
	return garbage, foreignText
}
