package engine

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"pgregory.net/rapid"
)

// values generates values for each column type.
var values = map[column.Type]*rapid.Generator[any]{
	"String":                         rapid.String().AsAny(),
	"FixedString(3)":                 rapid.SampledFrom([]string{"abc", "\x00\x00\x00", "ş1"}).AsAny(),
	"UInt8":                          rapid.Uint8().AsAny(),
	"UInt64":                         rapid.Uint64().AsAny(),
	"Int32":                          rapid.Int32().AsAny(),
	"Float64":                        rapid.Float64().AsAny(),
	"Bool":                           rapid.Bool().AsAny(),
	"Date":                           rapid.Map(rapid.Int64Range(0, 60000), func(n int64) time.Time { return time.Unix(n*86400, 0).UTC() }).AsAny(),
	"DateTime('Europe/Istanbul')":    rapid.Map(rapid.Int64Range(0, 1<<32-1), func(n int64) time.Time { return time.Unix(n, 0).UTC() }).AsAny(),
	"Enum8('support' = 1, 'no' = 0)": rapid.SampledFrom([]string{"support", "no"}).AsAny(),
	"Nullable(String)":               rapid.Ptr(rapid.String(), true).AsAny(),
	"LowCardinality(String)":         rapid.SampledFrom([]string{"a", "b", "", "ş"}).AsAny(),
	"Array(String)":                  rapid.SliceOfN(rapid.String(), 0, 3).AsAny(),
	"Array(Array(UInt8))":            rapid.SliceOfN(rapid.SliceOfN(rapid.Uint8(), 0, 3), 0, 3).AsAny(),
	"Map(String, UInt64)":            rapid.MapOfN(rapid.String(), rapid.Uint64(), 0, 3).AsAny(),
	"Array(LowCardinality(String))":  rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", ""}), 1, 3).AsAny(),
}

// FuzzTranscode: blocks of any columns become what clickhouse-go writes at the requested revision,
// and a block that was cut is an error.
func FuzzTranscode(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(fuzzTarget(checkTranscode))
}

// fuzzTarget turns a property into a fuzz target. It draws from the input's bytes, and then from a
// long pseudorandom sequence that they determine.
func fuzzTarget(property func(*rapid.T)) func(*testing.T, []byte) {
	return func(t *testing.T, noise []byte) {
		more := make([]byte, 16<<10)
		_, _ = rand.NewChaCha8(sha256.Sum256(noise)).Read(more) // never fails
		rapid.MakeFuzz(property)(t, slices.Concat(noise, more))
	}
}

func TestTranscode(t *testing.T) { rapid.Check(t, checkTranscode) }

func checkTranscode(t *rapid.T) {
	defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
	revision := rapid.SampledFrom([]uint64{0, 1, 54_453, proto.DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION, 54_483}).Draw(t, "revision")
	var engines, want chproto.Buffer
	ends := map[int]bool{0: true}
	for range rapid.IntRange(0, 3).Draw(t, "blocks") {
		b := anyBlock(t)
		if err := b.Encode(&engines, 0); err != nil {
			t.Fatal(err)
		}
		if err := b.Encode(&want, revision); err != nil {
			t.Fatal(err)
		}
		ends[len(engines.Buf)] = true
	}
	transcoder := newTranscoder(revision)
	for range 2 { // a transcoder is reused
		got, err := transcoder.convert(engines.Buf)
		if err != nil || !bytes.Equal(got, want.Buf) {
			t.Fatalf("%q\nbecame %q, %v\nwant   %q", engines.Buf, got, err, want.Buf)
		}
		cut := rapid.IntRange(0, len(engines.Buf)).Draw(t, "cut")
		if _, err := transcoder.convert(engines.Buf[:cut]); (err == nil) != ends[cut] {
			t.Fatalf("cut after %d of %d bytes: %v", cut, len(engines.Buf), err)
		}
	}
}

// anyBlock returns a block with at least one row. Without rows, the engine writes neither data nor
// the prefix that clickhouse-go writes.
func anyBlock(t *rapid.T) *proto.Block {
	b := proto.NewBlock()
	kinds := rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(values))), 1, 4).Draw(t, "types")
	for _, kind := range kinds {
		if err := b.AddColumn(rapid.String().Draw(t, "name"), kind); err != nil {
			t.Fatal(err)
		}
	}
	for range rapid.IntRange(1, 4).Draw(t, "rows") {
		var row []any
		for _, kind := range kinds {
			row = append(row, values[kind].Draw(t, "value"))
		}
		if err := b.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestTranscodeBelievesNoCount: a block with more rows or columns than bytes is refused.
func TestTranscodeBelievesNoCount(t *testing.T) {
	var b chproto.Buffer
	for _, counts := range [][2]uint64{{1, 1 << 40}, {1 << 40, 1}, {1 << 63, 1}, {1, 1<<64 - 1}} {
		b.Reset()
		b.PutUVarInt(counts[0])
		b.PutUVarInt(counts[1])
		b.PutString("n")
		b.PutString("UInt64")
		b.PutUInt64(1)
		if _, err := newTranscoder(54_453).convert(b.Buf); err == nil {
			t.Errorf("%d columns of %d rows were accepted", counts[0], counts[1])
		}
	}
}
