package engine

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxWindow limits the memory that a zstd stream can make us allocate to 32 MiB, more than any
// level of zstd uses by default.
const maxWindow = 32 << 20

// decodeBody decodes the Content-Encoding of a request and then, if blocks is set, ClickHouse's own
// compressed blocks.
func decodeBody(body io.Reader, encoding string, blocks bool) (io.Reader, error) {
	var err error
	switch encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	case "br":
		body = brotli.NewReader(body)
	case "lz4":
		body = lz4.NewReader(body)
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)); err == nil {
			body = z
		}
	default:
		return nil, refuse(codeBadArguments, "Content-Encoding %q is not supported; use gzip, deflate, br, zstd or lz4", encoding)
	}
	if err != nil {
		return nil, refuse(codeBadArguments, "the body is not %s: %v", encoding, err)
	}
	if blocks {
		body = newBlockReader(body)
	}
	return body, nil
}

// blockReader reads ClickHouse's compressed blocks. A stream may end only between blocks, but the
// compress package returns a wrapped io.EOF wherever it ends. blockReader returns
// io.ErrUnexpectedEOF inside a block.
type blockReader struct {
	in     *bufio.Reader
	blocks *compress.Reader
	taken  int // bytes that blocks has read from in
}

func newBlockReader(r io.Reader) io.Reader {
	b := &blockReader{in: bufio.NewReaderSize(r, 1<<16)}
	b.blocks = compress.NewReader(readerFunc(func(p []byte) (int, error) {
		n, err := b.in.Read(p)
		b.taken += n
		return n, err
	}))
	return b
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func (b *blockReader) Read(p []byte) (int, error) {
	before := b.taken
	n, err := b.blocks.Read(p)
	switch {
	case err == nil || !errors.Is(err, io.EOF):
		return n, err
	case b.taken == before:
		return n, io.EOF
	}
	return n, io.ErrUnexpectedEOF
}

// encodings are the supported encodings of responses, best first, in ClickHouse's order.
var encodings = []string{"br", "zstd", "gzip", "lz4", "deflate"}

func chooseEncoding(accept string) string {
	for _, e := range encodings {
		for offer := range strings.SplitSeq(accept, ",") {
			name, quality, _ := strings.Cut(strings.TrimSpace(offer), ";")
			if strings.EqualFold(strings.TrimSpace(name), e) && strings.TrimSpace(quality) != "q=0" {
				return e
			}
		}
	}
	return ""
}

func encodeBody(w io.Writer, encoding string) (io.WriteCloser, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriterLevel(w, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(w, zlib.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(w, 3), nil
	case "lz4":
		return lz4.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nopCloser{w}, nil
}

// nopCloser is a writer that has nothing to finish.
type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// blockSize is the size of ClickHouse's compressed blocks before compression.
const blockSize = 1 << 20

// blockWriter writes ClickHouse's compressed blocks.
type blockWriter struct {
	w   io.Writer
	c   *compress.Writer
	buf []byte
}

func newBlockWriter(w io.Writer, method string) *blockWriter {
	m := compress.LZ4
	switch method {
	case "ZSTD":
		m = compress.ZSTD
	case "NONE":
		m = compress.None
	}
	return &blockWriter{w: w, c: compress.NewWriter(compress.LevelZero, m)}
}

func (b *blockWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		part := p[:min(len(p), blockSize-len(b.buf))]
		b.buf, p = append(b.buf, part...), p[len(part):]
		if len(b.buf) == blockSize {
			if err := b.Close(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// Close writes the buffered data.
func (b *blockWriter) Close() error {
	if len(b.buf) == 0 {
		return nil
	}
	if err := b.c.Compress(b.buf); err != nil {
		return err
	}
	b.buf = b.buf[:0]
	_, err := b.w.Write(b.c.Data)
	return err
}
