package parser

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reasons of Error. There are few, so they can be metric labels.
const (
	EmptyBody          = "empty_body"
	HTML               = "html"
	MalformedEnvelope  = "malformed_envelope"
	ResultsWrongType   = "results_wrong_type"
	TrailingGarbage    = "trailing_garbage"
	Truncated          = "truncated"
	UnexpectedEnvelope = "unexpected_envelope"
	VendorError        = "vendor_error"
	WrongTopLevel      = "wrong_top_level"
)

// ErrorReasons has all reasons of Error, sorted.
var ErrorReasons = []string{
	EmptyBody, HTML, MalformedEnvelope, ResultsWrongType, TrailingGarbage, Truncated, UnexpectedEnvelope,
	VendorError, WrongTopLevel,
}

// advice says for each reason what happened and what to do about it.
var advice = map[string]string{
	EmptyBody:         "the body is empty; ask again later",
	HTML:              "the body is a web page, not JSON: maintenance, or a proxy answered; ask again later and check endpoint and proxy",
	MalformedEnvelope: "the document around the records is not JSON of the form {\"errornumber\":0,\"results\":[…]}; keep the body and compare it with alpemix.txt",
	ResultsWrongType:  "results is not a list of records; keep the body and compare it with alpemix.txt",
	UnexpectedEnvelope: "this is not a report of the form {\"errornumber\":0,\"results\":[…]}, and nothing says that the day is empty; " +
		"records in results were read; keep the body and compare it with alpemix.txt",
	TrailingGarbage: "something that is not a comment follows the end of the document; the records before it were read",
	Truncated:       "the body ends too early; the records before the cut were read, ask again for the rest",
	VendorError:     "Alpemix reports an error, see the list of error codes in alpemix.txt",
	WrongTopLevel:   "the body is not a JSON object; check endpoint and content type",
}

// Error describes a body that is not a complete report. Records before the fault have been yielded.
type Error struct {
	Reason      string // one of the constants above
	ErrorNumber int    // the vendor's, for VendorError
	Offset      int64  // position in the text, in bytes of UTF-8 without a byte order mark
	Seen        string // the text there, shortened; words that could be data or a secret are masked
	Shape       string // keys and types of a document that was read to its end, no content
	Err         error  // the reader's error that caused a truncation, if any
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "report: %s at byte %d", e.Reason, e.Offset)
	if e.ErrorNumber != 0 {
		fmt.Fprintf(&b, ", errornumber %d", e.ErrorNumber)
	}
	if e.Seen != "" {
		fmt.Fprintf(&b, ", seen %q", e.Seen)
	}
	if e.Shape != "" {
		b.WriteString(", seen " + e.Shape)
	}
	b.WriteString(": " + advice[e.Reason])
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// excerptLength limits Seen, in bytes of the body.
const excerptLength = 60

// plainWords are shown in excerpts; every other word might be a person, an address or an access
// token.
var plainWords = func() map[string]bool {
	words := map[string]bool{}
	for _, word := range append([]string{
		"errornumber", "results", "accesstoken", "null", "true", "false",
		"html", "head", "title", "body", "doctype", "xml", "h1",
	}, fieldNames[:]...) {
		words[word] = true
	}
	return words
}()

// excerpt returns the start of b with all words masked except those of the protocol.
func excerpt(b []byte) string {
	if len(b) > excerptLength {
		b = b[:excerptLength]
	}
	var out strings.Builder
	for len(b) > 0 {
		n := 0
		for n < len(b) {
			r, size := utf8.DecodeRune(b[n:])
			if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				break
			}
			n += size
		}
		if n == 0 {
			out.WriteByte(b[0])
			b = b[1:]
			continue
		}
		if word := strings.ToLower(string(b[:n])); plainWords[word] || word == "0" {
			out.Write(b[:n])
		} else {
			out.WriteString("…")
		}
		b = b[n:]
	}
	return out.String()
}
