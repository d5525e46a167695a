package parser

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// decoder turns enc into UTF-8.
func decoder(enc encoding.Encoding) transform.Transformer {
	if c, ok := enc.(*charmap.Charmap); ok {
		return asciiRuns{charmap: c}
	}
	return enc.NewDecoder()
}

// asciiRuns decodes a single-byte charset. It copies what is ASCII, which is nearly everything in a report, in runs and is
// several times as fast as the charmap's own decoder. Every single-byte charset that a web server can name contains ASCII.
type asciiRuns struct {
	transform.NopResetter
	charmap *charmap.Charmap
}

func (a asciiRuns) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		run := asciiPrefix(src[nSrc:])
		n := copy(dst[nDst:], src[nSrc:nSrc+run])
		nDst, nSrc = nDst+n, nSrc+n
		if n < run {
			return nDst, nSrc, transform.ErrShortDst
		}
		for nSrc < len(src) && src[nSrc] >= utf8.RuneSelf {
			if nDst+utf8.UTFMax > len(dst) {
				return nDst, nSrc, transform.ErrShortDst
			}
			nDst += utf8.EncodeRune(dst[nDst:], a.charmap.DecodeByte(src[nSrc]))
			nSrc++
		}
	}
	return nDst, nSrc, nil
}

// asciiPrefix is how many bytes of ASCII b begins with.
func asciiPrefix(b []byte) (n int) {
	const high = 0x8080808080808080
	for ; n+8 <= len(b); n += 8 {
		if w := binary.LittleEndian.Uint64(b[n:]) & high; w != 0 {
			return n + bits.TrailingZeros64(w)/8
		}
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}
