package importer

import (
	"errors"
	"fmt"

	"alpemix-collector/parser"
)

// damages says what is wrong with a saved body. What parser.Error advises is for a live answer, which can be asked for again.
var damages = map[string]string{
	parser.EmptyBody:          "the file is empty",
	parser.HTML:               "the file holds a web page, not a report",
	parser.MalformedEnvelope:  "the document around the records is not of the form {\"errornumber\":0,\"results\":[…]}; nothing after this point was read",
	parser.ResultsWrongType:   "results is not a list of records: the file is not a report",
	parser.TrailingGarbage:    "something follows the end of the report; the records before it were read; put each report into a file of its own",
	parser.Truncated:          "the file ends too early; the records before the cut were read",
	parser.UnexpectedEnvelope: "the document is not of the form {\"errornumber\":0,\"results\":[…]}; records in results were read",
	parser.VendorError:        "the file holds an error message of Alpemix, not a report; alpemix.txt lists the numbers",
	parser.WrongTopLevel:      "the file is not JSON that opens with {, plain or compressed with zstd or gzip",
}

// damage is err in the words of someone who has a file and no vendor to ask.
func damage(name string, err error) error {
	fault, ok := errors.AsType[*parser.Error](err)
	if !ok {
		return fmt.Errorf("%s: %w", name, err)
	}
	text := fmt.Sprintf("%s: %s: %s at byte %d", name, damages[fault.Reason], fault.Reason, fault.Offset)
	if fault.ErrorNumber != 0 {
		text += fmt.Sprintf(", errornumber %d", fault.ErrorNumber)
	}
	if fault.Seen != "" {
		text += fmt.Sprintf(", seen %q", fault.Seen)
	}
	if fault.Shape != "" {
		text += ", seen " + fault.Shape
	}
	if fault.Err != nil {
		return fmt.Errorf("%s: %w", text, fault.Err)
	}
	return errors.New(text)
}
