package parser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// awkward are the pieces of which texts are made that look like structure.
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

// TestRenderSplitParse: what a vendor writes in either way of escaping comes back field by field, with the records as written.
func TestRenderSplitParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyRow(), 1, 6).Draw(t, "rows")
		literal := rapid.Bool().Draw(t, "literal")
		gap := rapid.SampledFrom([]string{"", " ", "\r\n\t"}).Draw(t, "gap")
		var want []string
		for _, r := range rows {
			want = append(want, r.render(literal, gap))
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
			if got != r || rec.Literal != literal {
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

// TestCharsetsComeBack: a Turkish report in windows-1254 has the records of its UTF-8 twin.
func TestCharsetsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("aığüşöçİĞÜŞÖÇ â€’ 1")))
		var want []string
		for _, s := range rapid.SliceOfN(text, 1, 5).Draw(t, "texts") {
			want = append(want, `{"exp":"`+s+`"}`)
		}
		utf8Body := []byte(`{"errornumber":0,"results":[` + strings.Join(want, ",") + `]}`)
		body, err := charmap.Windows1254.NewEncoder().Bytes(utf8Body)
		if err != nil {
			t.Fatal(err)
		}
		raws, _, err := splitAll(body, "text/html; charset=utf-8")
		if err != nil || !slices.Equal(raws, want) {
			// Two letters that happen to be one UTF-8 sequence are UTF-8 to everyone.
			if c := (census{}); c.add(body) > 0 && c.multi > 0 {
				t.Skip()
			}
			t.Fatalf("%v, got %q, want %q", err, raws, want)
		}
	})
}
