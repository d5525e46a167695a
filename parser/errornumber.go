package parser

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// errorNumber reads a number in any form. Of several, the first that is not 0 counts.
func (s *splitter) errorNumber(key string, c byte) error {
	at := s.offset()
	var token []byte
	var err error
	if strings.IndexByte("+-.0123456789", c) >= 0 {
		token, err = s.digits()
	} else if c == '[' || c == '{' {
		s.badNumber = &Error{Reason: MalformedEnvelope, Offset: at, Seen: string(rune(c))}
		return s.unnamed(key, c, 0)
	} else {
		token, err = s.token()
	}
	if err != nil {
		return err
	}
	digits := string(token)
	if c == '"' {
		digits = strings.Trim(s.plain(token), " ")
	}
	n, ok := parseNumber(digits)
	switch {
	case c == 'n', digits == "": // null says as little as no errornumber
		s.shape.add(key, "null")
		return nil
	case !ok:
		seen := excerpt(token)
		if numeric(digits) {
			seen = digits[:min(len(digits), excerptLength)]
		}
		s.badNumber = &Error{Reason: MalformedEnvelope, Offset: at, Seen: seen}
		s.shape.add(key, kindOf(c).String())
		return nil
	case c == '"':
		s.sum.note(quirkErrorNumberText)
	}
	if s.numbered {
		s.sum.note(quirkErrorNumberTwice)
	}
	s.numbered = true
	if s.sum.ErrorNumber == 0 {
		s.sum.ErrorNumber = n
	}
	s.shape.add(key, strconv.Itoa(n))
	return nil
}

// longestNumber limits the text of a number without quotes.
const longestNumber = 400

// digits consumes everything before the next structural character. JSON's grammar has no leading
// zeros; other writers use them.
func (s *splitter) digits() ([]byte, error) {
	for {
		b := s.rest()
		n := bytes.IndexAny(b, ",}] \t\r\n")
		switch {
		case n > 0 && n <= longestNumber:
			s.pos += n
			return b[:n], nil
		case len(b) > longestNumber:
			return nil, s.fail(MalformedEnvelope)
		case !s.more():
			return nil, s.fail(Truncated)
		}
	}
}

// parseNumber parses 0, 0.0, 1e0, 007. The error numbers in alpemix.txt are integers; a fraction,
// or a number beyond 32 bits, is not one of them.
func parseNumber(digits string) (int, bool) {
	n, err := strconv.ParseFloat(digits, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(digits), "e")
	tooSmall := n == 0 && strings.ContainsAny(mantissa, "123456789") // for a float64, and not 0 either
	if !numeric(digits) || err != nil || tooSmall || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

func numeric(digits string) bool { return strings.Trim(digits, "-+.0123456789eE") == "" }
