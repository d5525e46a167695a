package parser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"alpemix-collector/report"

	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

// row is what a vendor might have in its database.
type row struct {
	uid, exp, uname, tuname, taid string
	at                            time.Time
	dur                           int
}

// awkward has pieces of texts that look like structure.
var awkward = []string{
	`"`, `\`, `/`, `,`, `}`, `{`, `]`, `[`, `:`, ` `, "a", "n", "u00e7", "ş", "İ", "0", `","`, `"},{"`, `":"`, `\"`, `C:\`, "dt", "😀",
}

func anyRow() *rapid.Generator[row] {
	text := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(awkward), 0, 8), func(p []string) string { return strings.Join(p, "") })
	return rapid.Custom(func(t *rapid.T) row {
		return row{
			uid: rapid.StringMatching(`[0-9a-f]{8}`).Draw(t, "uid"),
			exp: text.Draw(t, "exp"), uname: text.Draw(t, "uname"), tuname: text.Draw(t, "tuname"), taid: text.Draw(t, "taid"),
			at:  time.Unix(rapid.Int64Range(FirstMoment, fetchedAt.Unix()-100_000).Draw(t, "at"), 0).UTC(),
			dur: rapid.IntRange(0, 100_000).Draw(t, "dur"),
		}
	})
}

// render writes r with escapes, or as a server that escapes quotes and nothing else.
func (r row) render(literal bool, gap string) string {
	quoted := func(s string) string {
		if literal {
			return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
		}
		b, _ := json.Marshal(s)
		return string(b)
	}
	return fmt.Sprintf(`{"uid":%[2]s,%[1]s"dt":%[3]s,"dur:":%[1]s%[4]d,"exp":%[5]s%[1]s,"uname" :%[6]s,%[1]s"tuname":%[7]s,"taid":%[8]s%[1]s}`, gap,
		quoted(r.uid), quoted(r.at.Format(`15:04:05 02\01\2006`)), r.dur, quoted(r.exp), quoted(r.uname), quoted(r.tuname), quoted(r.taid))
}

// TestRenderSplitParse: what a vendor writes comes back field by field, with the records as written, in whichever way
// each of them escapes, and in whichever charset.
func TestRenderSplitParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyRow(), 1, 6).Draw(t, "rows")
		gap := rapid.SampledFrom([]string{"", " ", "\r\n\t"}).Draw(t, "gap")
		var want []string
		for _, r := range rows {
			want = append(want, sent(t, r, gap))
		}
		body := []byte(`{"errornumber":0,` + gap + `"results":[` + gap + strings.Join(want, ","+gap) + gap + `]` + gap + `}`)

		var raws []string
		sum, err := Split(body, "", func(rec report.Record) error {
			r := rows[len(raws)]
			raws = append(raws, string(rec.Raw))
			c, reject := Parse(rec, Source{FetchedAt: fetchedAt})
			if reject != nil {
				t.Fatalf("%s: %v", rec.Raw, reject)
			}
			got := row{c.UID, c.Explanation, c.Staff.Name, c.Target.Name, c.Target.AlpemixID, c.StartedAt, int(c.Duration.Seconds())}
			if got != r {
				t.Fatalf("%s:\ngot  %+v\nwant %+v", rec.Raw, got, r)
			}
			return nil
		})
		if err != nil || !slices.Equal(raws, want) {
			t.Fatalf("%v, got %q, want %q", err, raws, want)
		}
		if sum.Records != len(rows) {
			t.Fatalf("%+v", sum)
		}
		size := rapid.IntRange(1, 300).Draw(t, "size")
		if streamed, _, err := streamAll(body, "", size); err != nil || !slices.Equal(streamed, want) {
			t.Fatalf("as a stream %v, %q", err, streamed)
		}
	})
}

// sent is r as a vendor may write it: with escapes or not, and in UTF-8 or in windows-1254, unless that could be read as UTF-8.
func sent(t *rapid.T, r row, gap string) string {
	text := r.render(rapid.Bool().Draw(t, "literal"), gap)
	if !rapid.Bool().Draw(t, "windows-1254") {
		return text
	}
	for _, s := range []string{r.exp, r.uname, r.tuname, r.taid} {
		s, err := charmap.Windows1254.NewEncoder().String(s)
		if err != nil || looksLikeUTF8(s) {
			return text
		}
	}
	bytes, err := charmap.Windows1254.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// looksLikeUTF8 reports whether a text in windows-1254 holds what is UTF-8 to everyone, such as "â€’".
func looksLikeUTF8(s string) bool {
	if utf8.ValidString(s) {
		return strings.ContainsFunc(s, func(c rune) bool { return c >= utf8.RuneSelf })
	}
	_, quirk := readCharset(s, "")
	return quirk != quirkWindows1254
}

// TestCharsetsComeBack: a Turkish report in windows-1254 becomes the texts that it was written from,
// and its records are the bytes that were sent.
func TestCharsetsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("aığüşöçİĞÜŞÖÇ â€’ 1")))
		encoder := charmap.Windows1254.NewEncoder()
		var want, records []string
		for _, s := range rapid.SliceOfN(text, 1, 5).Draw(t, "texts") {
			sent, err := encoder.String(s)
			if err != nil {
				t.Fatal(err)
			}
			// Letters that happen to be UTF-8 are UTF-8 to everyone.
			if looksLikeUTF8(sent) {
				t.Skip()
			}
			want = append(want, s)
			records = append(records, `{"uid":"1","dt":"10:00:00 22/08/2024","exp":"`+sent+`"}`)
		}
		body := []byte(`{"errornumber":0,"results":[` + strings.Join(records, ",") + `]}`)
		var texts, raws []string
		_, err := Split(body, "text/html; charset=utf-8", func(rec report.Record) error {
			c, reject := Parse(rec, Source{FetchedAt: fetchedAt})
			if reject != nil {
				return reject
			}
			texts, raws = append(texts, c.Explanation), append(raws, c.Raw)
			return nil
		})
		if err != nil || !slices.Equal(texts, want) || !slices.Equal(raws, records) {
			t.Fatalf("%v, got %q of %q, want %q", err, texts, raws, want)
		}
	})
}

// TestWordsOfTwoCharsets: whichever of a text's words are in UTF-8 and whichever in windows-1254, with
// or without a space between them, all are read right.
func TestWordsOfTwoCharsets(t *testing.T) {
	words := []string{"Ayşe", "Çağrı", "GÜLÜ’NÜN", "“İĞDIR”", "kâğıt", "5 €", "şöyle…", "Öz-Ünlü", "ışık", "plain"}
	rapid.Check(t, func(t *rapid.T) {
		var sent, want strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "words") {
			word := rapid.SampledFrom(words).Draw(t, "word")
			gap := rapid.SampledFrom([]string{"", " ", ", "}).Draw(t, "gap")
			want.WriteString(word + gap)
			if rapid.Bool().Draw(t, "windows-1254") {
				word, _ = charmap.Windows1254.NewEncoder().String(word)
			}
			sent.WriteString(word + gap)
		}
		if got, _ := readText(sent.String(), "", ""); got != want.String() {
			t.Errorf("%q became %q, want %q", sent.String(), got, want.String())
		}
	})
}
