package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/zstd"
)

// source is a saved report body. It is opened more than once: charset and escapes are a matter of the whole document.
type source struct {
	name       string // as the command line names it
	path       string
	size       int64 // of the file, compressed or not
	modifiedAt time.Time
	temporary  bool
	zstd       bool
}

// zstdMagic opens every zstd file; it tells better than a file's name what came through a pipe.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// largestWindow is what the decoder may hold of what it has written; zstd's own levels need up to 8 MB.
const largestWindow = 32 << 20

// newSource looks at the file name, or spools stdin for "-".
func (a *app) newSource(name string) (*source, error) {
	s := &source{name: name, path: name}
	if name == "-" {
		s.name, s.temporary = "stdin", true
		if err := s.spool(a.stdin); err != nil {
			return nil, err
		}
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, bare(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file; - reads standard input", s.name)
	}
	s.size, s.modifiedAt = info.Size(), info.ModTime()
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, bare(err))
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, len(zstdMagic))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: %w", s.name, bare(err))
	}
	s.zstd = bytes.Equal(head[:n], zstdMagic)
	return s, nil
}

func (s *source) spool(from io.Reader) error {
	f, err := os.CreateTemp("", "collector-import-*")
	if err != nil {
		return fmt.Errorf("spooling stdin: %w", err)
	}
	s.path = f.Name()
	_, err = io.Copy(f, from)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("spooling stdin: %w", err), s.remove())
	}
	return nil
}

// remove deletes what newSource had to make.
func (s *source) remove() error {
	if !s.temporary {
		return nil
	}
	return os.Remove(s.path)
}

// open gives the body's bytes; done is called with the number of bytes of the file that were read so far.
func (s *source) open(done func(int64)) (io.ReadCloser, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, bare(err))
	}
	done(0)
	counted := &counter{reader: f, done: done}
	if !s.zstd {
		return struct {
			io.Reader
			io.Closer
		}{counted, f}, nil
	}
	decoder, err := zstd.NewReader(counted, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(largestWindow))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.name, err), f.Close())
	}
	return &unzstd{decoder, f}, nil
}

type unzstd struct {
	*zstd.Decoder
	file *os.File
}

func (u *unzstd) Close() error {
	u.Decoder.Close()
	return u.file.Close()
}

type counter struct {
	reader io.Reader
	total  int64
	done   func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	c.total += int64(n)
	c.done(c.total)
	return n, err
}

// bare is the system's word on err without the path, which the sentence around it has already.
func bare(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	return err
}
