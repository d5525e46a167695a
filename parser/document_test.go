package parser

import (
	"crypto/sha256"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// spellings are the pieces of texts in JSON: every kind of escape, and what looks like structure.
var spellings = []string{
	`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0041`, `\u00e7`, `\u2028`, `\ud83d\ude00`, `\uD83D`, `\udE00`, `\u0000`, `\u005c`, `\u0022`,
	"a", "u0041", "ş", "\u2028", "😀", "\u007f", ",", "}", "{", "]", "[", ":", " ", "0", "},{", "]}", `\"},{\"`, `\\\"`, "errornumber", "results",
}

func pieces(from []string, most int) *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom(from), 0, most), func(p []string) string { return strings.Join(p, "") })
}

var (
	anyString = rapid.Map(pieces(spellings, 6), func(s string) string { return `"` + s + `"` })
	anySpace  = rapid.OneOf(rapid.Just(""), rapid.Just(""), pieces([]string{" ", "\t", "\r\n", strings.Repeat(" ", 300)}, 2))
	anyScalar = rapid.SampledFrom([]string{
		"null", "true", "false", "0", "-0", "7", "-1.5", "1e5", "0.25E-7", "1E+300", "123456789012345678901234567890", "1.00", "-0.0e-0",
	})
)

// anyValue is a text in JSON of at most depth levels.
func anyValue(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind == 0 || depth == 0:
			return anyScalar.Draw(t, "scalar")
		case kind == 1:
			return anyString.Draw(t, "string")
		case kind == 2:
			return list(t, "[", rapid.SliceOfN(anyValue(depth-1), 0, 4).Draw(t, "elements"), "]")
		}
		var members []string
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			members = append(members, member(t, anyString.Draw(t, "key"), anyValue(depth-1).Draw(t, "value")))
		}
		return list(t, "{", members, "}")
	})
}

func member(t *rapid.T, key, value string) string {
	return key + anySpace.Draw(t, "space") + ":" + anySpace.Draw(t, "space") + value
}

func list(t *rapid.T, opening string, items []string, closing string) string {
	gap := anySpace.Draw(t, "gap")
	return opening + gap + strings.Join(items, gap+","+anySpace.Draw(t, "gap")) + anySpace.Draw(t, "gap") + closing
}

// deep is a value of n levels.
func deep(n int) string {
	return strings.Repeat(`[{"a":`, n/2) + strings.Repeat("[", n%2) + "1" + strings.Repeat("]", n%2) + strings.Repeat(`}]`, n/2)
}

// anyReport is a document of strict JSON that may be a report: the envelope's keys in any order, more than once, escaped, or
// missing, with values of any kind.
func anyReport() *rapid.Generator[string] {
	element := rapid.OneOf(anyValue(4), anyValue(2), rapid.Map(rapid.IntRange(1, maxDepth-2), deep))
	results := rapid.Custom(func(t *rapid.T) string {
		return list(t, "[", rapid.SliceOfN(element, 0, 6).Draw(t, "results"), "]")
	})
	return rapid.Custom(func(t *rapid.T) string {
		var members []string
		for range rapid.IntRange(0, 4).Draw(t, "members") {
			key, value := anyString, rapid.OneOf(anyScalar, anyString, anyValue(3))
			switch rapid.IntRange(0, 4).Draw(t, "member") {
			case 0, 1:
				key, value = rapid.SampledFrom([]string{`"results"`, `"results"`, `"\u0072esults"`, `"Results"`}), rapid.OneOf(results, results, value)
			case 2, 3:
				key = rapid.SampledFrom([]string{`"errornumber"`, `"errornumber"`, `"error\u006Eumber"`, `"errornumber "`})
				value = rapid.OneOf(rapid.SampledFrom([]string{"0", "0", `"0"`, "205", `" 7 "`, `"\u0030"`, `"-1"`}), value)
			}
			members = append(members, member(t, key.Draw(t, "key"), value.Draw(t, "value")))
		}
		whole := list(t, "{", members, "}")
		if rapid.IntRange(0, 19).Draw(t, "other") == 0 {
			whole = anyValue(2).Draw(t, "whole")
		}
		return rapid.SampledFrom([]string{"", "", "\uFEFF"}).Draw(t, "mark") + anySpace.Draw(t, "space") + whole + anySpace.Draw(t, "space")
	})
}

// FuzzDocument: every document of strict JSON is read as a strict decoder reads it, as a stream too.
func FuzzDocument(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(drawn(checkDocument))
}

// drawn makes a fuzz target of a property: its draws are the input's bytes and then, without end in practice, others that follow
// from them.
func drawn(property func(*rapid.T)) func(*testing.T, []byte) {
	return func(t *testing.T, noise []byte) {
		more := make([]byte, 16<<10)
		_, _ = rand.NewChaCha8(sha256.Sum256(noise)).Read(more) // it has no errors
		rapid.MakeFuzz(property)(t, slices.Concat(noise, more))
	}
}

func TestDocument(t *testing.T) { rapid.Check(t, checkDocument) }

func checkDocument(t *rapid.T) {
	body := []byte(anyReport().Draw(t, "report"))
	if _, ok := strictReport(body); !ok {
		t.Fatalf("%q is no strict JSON, so it proves nothing", body)
	}
	raws, sum, err := splitAll(body, "")
	checkStreams(t, body, "", raws, sum, err)
	checkCuts(t, body)
	checkStrictly(t, body, "")
}

// brackets could end a record and the list of results if they were not in a text.
var brackets = regexp.MustCompile(`\}[^"]*\]`)

// TestDamageStaysInItsRecord: whatever happens to one record, its neighbors are read unchanged. Two
// kinds of text are left out. If a text ends in a backslash and backslashes are data, what follows
// decides whether the quote after it ends the text, and that may be the damage. If damage turns a
// text into structure that ends the list of results, it is an error of the document.
func TestDamageStaysInItsRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gap := rapid.SampledFrom([]string{"", " ", "\r\n\t"}).Draw(t, "gap")
		var want []string
		decided := anyRow().Filter(func(r row) bool {
			for _, literal := range []bool{false, true} {
				if text := r.render(literal, gap); undecided.MatchString(text) || brackets.MatchString(text) {
					return false
				}
			}
			return true
		})
		for _, r := range rapid.SliceOfNDistinct(decided, 2, 6, func(r row) string { return r.uid }).Draw(t, "rows") {
			want = append(want, sent(t, r, gap))
		}
		hit := rapid.IntRange(0, len(want)-1).Draw(t, "record")
		whole := slices.Clone(want)
		whole[hit] = damage(t, want[hit])
		raws, _, err := splitAll([]byte(`{"errornumber":0,"results":[`+strings.Join(whole, ","+gap)+gap+`]}`), "")
		for i, raw := range want {
			if i != hit && !slices.Contains(raws, raw) {
				t.Fatalf("%s is lost: %v, %q", raw, err, raws)
			}
		}
	})
}

// damage cuts a piece out of a record, or puts one into it or in front of it. What has lost its '{' is no record any more, and
// a ']' between records ends the list: those are damages of the document.
func damage(t *rapid.T, record string) string {
	damaged := ""
	if rapid.Bool().Draw(t, "cut") {
		from := rapid.IntRange(1, len(record)-1).Draw(t, "from")
		damaged = record[:from] + record[rapid.IntRange(from+1, len(record)).Draw(t, "to"):]
	} else {
		at := rapid.IntRange(0, len(record)-1).Draw(t, "at")
		strays := []string{`"`, `\`, `{`, `}`, `[`, `,`, `:`, "x", "\x00", `\"`, `"x"`, `]`}
		damaged = record[:at] + rapid.SampledFrom(strays[:len(strays)-1+min(at, 1)]).Draw(t, "stray") + record[at:]
	}
	return strings.ToValidUTF8(damaged, "")
}
