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

// readerFormats are the formats, in lower case, in which readers get answers. Others read or write schemas and templates
// in files, call a schema registry, or speak another protocol.
var readerFormats = words(`
	tabseparated tabseparatedwithnames tabseparatedwithnamesandtypes tabseparatedraw tabseparatedrawwithnames
	tabseparatedrawwithnamesandtypes tsv tsvwithnames tsvwithnamesandtypes tsvraw tsvrawwithnames
	tsvrawwithnamesandtypes raw rawwithnames rawwithnamesandtypes lineasstring tskv
	csv csvwithnames csvwithnamesandtypes customseparated customseparatedwithnames
	customseparatedwithnamesandtypes values sqlinsert vertical xml markdown md null rawblob
	json jsonstrings jsoncompact jsoncompactstrings jsoneachrow jsonl jsonlines ndjson jsonstringseachrow
	jsoncompacteachrow jsoncompacteachrowwithnames jsoncompacteachrowwithnamesandtypes
	jsoncompactstringseachrow jsoncompactstringseachrowwithnames jsoncompactstringseachrowwithnamesandtypes
	jsoneachrowwithprogress jsonstringseachrowwithprogress jsoncompacteachrowwithprogress
	jsoncompactstringseachrowwithprogress jsoncolumns jsoncolumnswithmetadata jsoncompactcolumns
	jsonobjecteachrow prettyjsoneachrow prettyjsonlines prettyndjson
	pretty prettynoescapes prettymonoblock prettynoescapesmonoblock
	prettycompact prettycompactnoescapes prettycompactmonoblock prettycompactnoescapesmonoblock
	prettyspace prettyspacenoescapes prettyspacemonoblock prettyspacenoescapesmonoblock
	native rowbinary rowbinarywithnames rowbinarywithnamesandtypes
	parquet arrow arrowstream orc avro msgpack bsoneachrow
`)

// checkFormat refuses a format of an answer.
func (e *engine) checkFormat(format string) error {
	switch f := strings.ToLower(format); {
	case readerFormats[f]:
		return nil
	case e.formats[f]:
		return refuse(codeAccessDenied, "default: Not enough privileges: the format %s is not available to readers of the embedded engine", format)
	}
	return refuse(codeUnknownFormat, "Unknown format %.100s", format)
}
