package parser

import (
	"bytes"
	"fmt"
	"io"

	"alpemix-collector/report"

	"golang.org/x/text/transform"
)

// streamBuffer is the memory of a stream. It grows only for a record that does not fit.
const streamBuffer = 256 << 10

// SplitStream is Split for a report of any size in a few megabytes of memory. It returns an error
// of open; an error of the reader counts as a truncation.
func SplitStream(open func() (io.ReadCloser, error), contentType string, yield func(report.Record) error) (Summary, error) {
	return splitStream(open, contentType, yield, streamBuffer)
}

func splitStream(open func() (io.ReadCloser, error), contentType string, yield func(report.Record) error, size int) (Summary, error) {
	s := splitter{yield: yield}
	err := s.stream(open, contentType, size)
	return s.sum, err
}

func (s *splitter) stream(open func() (io.ReadCloser, error), contentType string, size int) error {
	r, err := open()
	if err != nil {
		return fmt.Errorf("open the report: %w", err)
	}
	defer r.Close()
	s.window, s.charset = streamWindow(r, size), fallback(contentType)
	if enc := wide(s.buf); enc != nil {
		s.sum.note(quirkUTF16)
		whole := io.MultiReader(bytes.NewReader(s.buf), r)
		s.window = streamWindow(transform.NewReader(whole, enc.NewDecoder()), size)
	}
	return s.run()
}
