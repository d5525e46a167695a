package parser

import (
	"bytes"
	"io"

	"alpemix-collector/report"
)

// splitAll collects the records of a body in memory.
func splitAll(body []byte, contentType string) (raws []string, sum Summary, err error) {
	sum, err = Split(body, contentType, func(rec report.Record) error {
		raws = append(raws, string(rec.Raw))
		return nil
	})
	return raws, sum, err
}

// streamAll collects the records of a body that is read through a buffer which begins with size bytes.
func streamAll(body []byte, contentType string, size int) (raws []string, sum Summary, err error) {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	sum, err = splitStream(open, contentType, func(rec report.Record) error {
		raws = append(raws, string(rec.Raw))
		return nil
	}, size)
	return raws, sum, err
}
