package engine

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestLargeAnswersAreOneDocument: in each format, an answer of several blocks is one document.
func TestLargeAnswersAreOneDocument(t *testing.T) {
	addr := fixture(t)
	const rows = 200_000 // several blocks
	for format, once := range map[string]string{
		"CSVWithNames": "name", "TSVWithNamesAndTypes": "name", "JSON": `"meta"`, "JSONCompact": `"meta"`, "XML": "<meta>",
		"JSONCompactEachRowWithNames": "name", "RowBinaryWithNames": "name", "Parquet": "", "Vertical": "Row 1:", "Markdown": "name",
	} {
		t.Run(format, func(t *testing.T) {
			body := post(t, addr, "", "SELECT number AS name FROM numbers(200000) FORMAT "+format).body
			switch {
			case format == "Parquet":
				if !strings.HasPrefix(body, "PAR1") || strings.Count(body, "PAR1") != 2 {
					t.Errorf("%d marks of Parquet", strings.Count(body, "PAR1"))
				}
			case format == "JSON" || format == "JSONCompact":
				var d struct {
					Rows int
					Data []json.RawMessage
				}
				if err := json.Unmarshal([]byte(body), &d); err != nil || d.Rows != rows || len(d.Data) != rows {
					t.Errorf("%v; the header counts %d rows, the data has %d", err, d.Rows, len(d.Data))
				}
			case strings.Count(body, once) != 1:
				t.Errorf("%s occurs %d times", once, strings.Count(body, once))
			}
		})
	}
	for format := range streamedFormats {
		if !strings.Contains(format, "native") && format != "null" && format != "rowbinary" {
			body := post(t, addr, "", "SELECT toString(number) AS name FROM numbers(200000) FORMAT "+properName(t, addr, format)).body
			if lines := strings.Count(body, "\n"); lines != rows {
				t.Errorf("%s: %d lines", format, lines)
			}
		}
	}
}

// properName returns the engine's spelling of a format.
func properName(t *testing.T, addr, format string) string {
	t.Helper()
	return strings.TrimSpace(post(t, addr, "", "SELECT name FROM system.formats WHERE lower(name) = '"+format+"'").body)
}
