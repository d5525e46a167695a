package engine

import "strings"

// streamedFormats are the formats in which the documents of several blocks, one after another, form
// one document. The engine writes each block of a streamed answer as a separate document. In any
// other format, that would repeat headers, footers or brackets.
var streamedFormats = map[string]bool{
	"native": true, "rowbinary": true, "null": true,
	"tabseparated": true, "tsv": true, "tabseparatedraw": true, "tsvraw": true, "raw": true, "tskv": true, "csv": true, "lineasstring": true,
	"jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsonstringseachrow": true, "jsoncompacteachrow": true, "jsoncompactstringseachrow": true,
}

// streams reports whether an answer in format can be sent block by block. Otherwise the engine
// holds the complete answer first.
func streams(format string) bool { return streamedFormats[strings.ToLower(format)] }

// readerFormats are the output formats for readers, in lower case. Other formats read or write
// schemas and templates in files, call a schema registry, or use another protocol.
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

// checkFormat refuses an output format that is unknown or not available to readers.
func (e *engine) checkFormat(format string) error {
	switch f := strings.ToLower(format); {
	case readerFormats[f]:
		return nil
	case e.formats[f]:
		return refuse(codeAccessDenied, "default: Not enough privileges: the format %s is not available to readers of the embedded engine", format)
	}
	return refuse(codeUnknownFormat, "Unknown format %.100s", format)
}
