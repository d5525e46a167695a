package parser

import (
	"fmt"
	"io"

	"alpemix-collector/report"

	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"
)

// streamBuffer is the memory of a stream: it grows only for a record that does not fit.
const streamBuffer = 256 << 10

// SplitStream is Split for a report of any size in a few megabytes. It opens the source twice, three times when the
// source is not UTF-8: charset and escapes are a matter of the whole document, and each must be known before the next step.
// An error of open is returned as it is; one of the reader is a truncation.
func SplitStream(open func() (io.ReadCloser, error), contentType string, yield func(report.Record) error) (Summary, error) {
	return splitStream(open, contentType, yield, streamBuffer)
}

func splitStream(open func() (io.ReadCloser, error), contentType string, yield func(report.Record) error, size int) (Summary, error) {
	s := splitter{yield: yield}
	err := s.stream(open, contentType, size)
	return s.sum, err
}

func (s *splitter) stream(open func() (io.ReadCloser, error), contentType string, size int) error {
	var first survey
	if err := readThrough(open, nil, size, &first); err != nil {
		return err
	}
	enc, quirk := charset(first.head, first.census, contentType)
	if quirk != "" {
		s.sum.note(quirk)
	}
	s.literal = first.illegal
	if enc != nil {
		var second survey
		if err := readThrough(open, enc, size, &second); err != nil {
			return err
		}
		s.literal = second.illegal
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("open the report again: %w", err)
	}
	defer r.Close()
	s.window = streamWindow(decoded(r, enc), size)
	s.skipBOM()
	return s.run()
}

func decoded(r io.Reader, enc encoding.Encoding) io.Reader {
	if enc == nil {
		return r
	}
	return transform.NewReader(r, decoder(enc))
}

// survey is what has to be known of a whole text before its first record can be yielded.
type survey struct {
	head    []byte
	census  census
	illegal bool // holds an illegal escape
}

func readThrough(open func() (io.ReadCloser, error), enc encoding.Encoding, size int, to *survey) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("open the report: %w", err)
	}
	defer r.Close()
	w := streamWindow(decoded(r, enc), size)
	to.head = append(to.head, w.buf[:min(len(w.buf), len(utf8BOM))]...)
	for {
		b := w.rest()
		read := to.census.add(b)
		if !to.illegal {
			var judged int
			// What an incomplete character leaves over holds no backslash, so that reading again from the smaller of
			// both places splits no pair.
			to.illegal, judged = illegalEscape(b)
			read = min(read, judged)
		}
		w.pos += read
		if !w.more() {
			return nil
		}
	}
}
