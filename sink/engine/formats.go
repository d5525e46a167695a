package engine

import "strings"

// inPieces are the formats whose answers may be put together from those of the answer's blocks. The engine writes each block of
// a streamed answer as a document of its own: of any other format that would be several headers, footers or brackets.
var inPieces = map[string]bool{
	"native": true, "rowbinary": true, "null": true,
	"tabseparated": true, "tsv": true, "tabseparatedraw": true, "tsvraw": true, "raw": true, "tskv": true, "csv": true, "lineasstring": true,
	"jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsonstringseachrow": true, "jsoncompacteachrow": true, "jsoncompactstringseachrow": true,
}

// streams tells whether an answer in format can be sent while it comes; otherwise the engine holds all of it first.
func streams(format string) bool { return inPieces[strings.ToLower(format)] }
