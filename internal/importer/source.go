package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"alpemix-collector/internal/durable"
	"alpemix-collector/internal/terminal"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// source is a saved report body. It is opened more than once: charset and escapes are a matter of the whole document.
type source struct {
	name       string // as the command line names it
	path       string
	size       int64 // of the file, compressed or not
	modifiedAt time.Time
	temporary  bool
	packing    string // "zstd", "gzip", or "" for none
}

// magic opens every packed file. What came through a pipe has no name that says as much.
var magic = map[string][]byte{
	"zstd": {0x28, 0xb5, 0x2f, 0xfd},
	"gzip": {0x1f, 0x8b},
}

// largestWindow is what the decoder may hold of what it has written; zstd's own levels need up to 8 MB.
const largestWindow = 32 << 20

// newSource looks at the file of that name, or spools what can be read only once: stdin for "-", and
// pipes.
func newSource(ctx context.Context, name string, stdin io.Reader) (*source, error) {
	s := &source{name: name, path: name}
	if err := s.look(ctx, stdin); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.name, durable.Bare(err)), s.remove())
	}
	return s, nil
}

func (s *source) look(ctx context.Context, stdin io.Reader) error {
	if s.name == "-" {
		s.name = "stdin"
		if err := s.spool(ctx, stdin); err != nil {
			return err
		}
	}
	info, err := os.Stat(s.path)
	if err == nil && info.Mode().Type() == os.ModeNamedPipe {
		info, err = s.spoolPipe(ctx)
	}
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("is a folder; name the files in it")
	case !info.Mode().IsRegular():
		return errors.New("is neither a file nor a pipe; - reads standard input")
	}
	// A time to come would let this content win over everything that is read until then.
	s.size, s.modifiedAt = info.Size(), info.ModTime()
	if now := time.Now(); s.modifiedAt.After(now) {
		s.modifiedAt = now
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	for packing, opening := range magic {
		if bytes.HasPrefix(head[:n], opening) {
			s.packing = packing
		}
	}
	return nil
}

func (s *source) spoolPipe(ctx context.Context) (os.FileInfo, error) {
	pipe, err := terminal.Await(ctx, func() (*os.File, error) { return os.Open(s.path) }) // waits for a writer
	if err != nil {
		return nil, err
	}
	defer func() { _ = pipe.Close() }()
	if err := s.spool(ctx, pipe); err != nil {
		return nil, err
	}
	return os.Stat(s.path)
}

func (s *source) spool(ctx context.Context, from io.Reader) error {
	f, err := os.CreateTemp("", "collector-import-*")
	if err != nil {
		return fmt.Errorf("spooling: %w", err)
	}
	s.path, s.temporary = f.Name(), true
	if _, err = terminal.Await(ctx, func() (int64, error) { return io.Copy(f, from) }); err != nil {
		err = fmt.Errorf("spooling: %w", err)
	}
	return errors.Join(err, f.Close())
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
		return nil, fmt.Errorf("%s: %w", s.name, durable.Bare(err))
	}
	done(0)
	counted := &counter{reader: f, done: done}
	unpacked := &unpacked{Reader: counted, file: f, end: func() {}}
	switch s.packing {
	case "zstd":
		decoder, zstdErr := zstd.NewReader(counted, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(largestWindow))
		if err = zstdErr; err == nil {
			unpacked.Reader, unpacked.end = decoder, decoder.Close
		}
	case "gzip":
		unpacked.Reader, err = gzip.NewReader(counted)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: unpacking %s: %w", s.name, s.packing, err), f.Close())
	}
	return unpacked, nil
}

// unpacked is the body, read from file through what unpacks it.
type unpacked struct {
	io.Reader
	end  func() // releases the unpacker
	file *os.File
}

func (u *unpacked) Close() error {
	u.end()
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
