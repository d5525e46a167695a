// Quirkdoc writes docs/quirks.md from the parser's quirk table.
package main

import (
	"bytes"
	"fmt"
	"os"

	"alpemix-collector/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: quirkdoc FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], page(parser.Quirks), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "quirkdoc:", err)
		os.Exit(1)
	}
}

const preface = `<!-- Generated from parser/quirks.go by "go generate ./parser"; do not edit. -->

# Quirks of Alpemix reports

What Alpemix's document leaves open, or says in two ways, and how the collector reads it. Each name is also the
label of the metric ` + "`alpemix_quirks_total{quirk}`" + ` and a folder with an example in ` + "`parser/testdata/quirks`" + `.

Each record is read by its own evidence: an odd one does not change how its neighbours are read. The column ` + "`raw`" + ` holds
the bytes as they were sent, so that a wrong reading can be undone ([decision 11](adr/011-reading-by-record.md)).

The evidence starts with a mark: [V] the document or another public source says so, [R] tried, [I] inferred from how such
servers are usually written, [?] not documented. "The document" is Alpemix's description of its API.
`

func page(quirks []parser.Quirk) []byte {
	var b bytes.Buffer
	b.WriteString(preface)
	for _, q := range quirks {
		fmt.Fprintf(&b, "\n## %s\n\n", q.Name)
		fmt.Fprintf(&b, "- Seen: %s.\n- Evidence: %s.\n- Done: %s\n", q.Seen, q.Evidence, q.Done)
	}
	return b.Bytes()
}
