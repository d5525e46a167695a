package parser

//go:generate go run ./internal/quirkdoc ../docs/quirks.md

// Quirk is one way in which a report may differ from the vendor's document, or in which that
// document can be understood.
type Quirk struct {
	Name     string
	Seen     string // what is seen
	Evidence string // why it is possible, with a mark that docs/quirks.md explains
	Done     string // what the parser does about it
}

// Quirks is the quirk table, sorted by name. The names are the keys of Summary.Quirks and Tally.
var Quirks = []Quirk{
	{
		Name:     quirkTokenInReport,
		Seen:     "an accesstoken stands next to records",
		Evidence: "[?] alpemix.txt names it in the answer to a token request only",
		Done:     "It is not used, and kept nowhere. Without records the answer is an error.",
	},
	{
		Name:     quirkAnonymousParty,
		Seen:     "uname or tuname is empty",
		Evidence: "[V] anonymous parties are recorded too",
		Done:     "The name stays empty.",
	},
	{
		Name:     quirkBOM,
		Seen:     "the body begins with a UTF-8 byte order mark",
		Evidence: "[?] the charset is not documented",
		Done:     "The mark is dropped.",
	},
	{
		Name:     quirkBrokenRecord,
		Seen:     "an element of results breaks the grammar of JSON",
		Evidence: "[?] seen in no document; a record must not block its neighbours",
		Done:     "It is cut off where the next record begins, and rejected as malformed_json; its neighbours are read.",
	},
	{
		Name:     quirkDamagedUTF8,
		Seen:     "a text is cut within a character, or has more characters of UTF-8 than bytes that belong to none",
		Evidence: "[I] the charset is not documented; windows-1254 text hardly ever looks like that",
		Done:     "It is read as UTF-8, and what belongs to no character as windows-1254.",
	},
	{
		Name:     quirkDeclaredCharset,
		Seen:     "a text is not UTF-8 and Content-Type names another charset, in which it makes sense",
		Evidence: "[?] the charset is not documented",
		Done:     "It is read in that charset; raw keeps its bytes.",
	},
	{
		Name:     quirkMixedCharset,
		Seen:     "a text that is not UTF-8 holds characters of UTF-8 whose bytes hardly ever stand side by side in windows-1254",
		Evidence: "[I] the charset is not documented; a note of one program may be pasted into a field of another",
		Done: "Letters (U+00C0 to U+017F), punctuation and signs (U+2000 to U+213F, U+2600 to U+27BF) and emoji (U+1F000 to U+1FAFF) are read as UTF-8, " +
			"also if their bytes are CESU-8; every other byte in the charset that Content-Type names, else as windows-1254. If it names another than " +
			"windows-1252, windows-1254 or ISO 8859-1, -9 or -15, the whole text is read in that one. raw keeps the bytes.",
	},
	{
		Name:     quirkUTF16,
		Seen:     "the body is UTF-16 or UTF-32, with a byte order mark or with zeros beside its first character",
		Evidence: "[?] the charset is not documented; texts in Delphi are UTF-16",
		Done:     "The whole body is read that way; raw is in UTF-8.",
	},
	{
		Name:     quirkWindows1254,
		Seen:     "a text is not UTF-8, and not in another charset that Content-Type names",
		Evidence: "[?] the charset is not documented",
		Done:     "It is read as windows-1254, the code page of Turkish Windows; raw keeps its bytes.",
	},
	{
		Name:     quirkControlCharacter,
		Seen:     "a text holds raw control characters, such as a line end",
		Evidence: "[?] servers written in Delphi are known to leave CR and LF unescaped",
		Done:     "They are data.",
	},
	{
		Name:     quirkDirText,
		Seen:     "dir is a text",
		Evidence: "[I] as for dur",
		Done:     "A text that holds a number counts as that number.",
	},
	{
		Name:     quirkDirUnknown,
		Seen:     "dir is missing, null, or neither 0 nor 1",
		Evidence: "[V] the document explains 0 and 1 only",
		Done:     "The mode is unknown.",
	},
	{
		Name:     quirkDTDoubled,
		Seen:     "dt has two backslashes where one is documented",
		Evidence: "[I] whether the backslashes of dt are escaped is not documented; a writer may escape them twice",
		Done:     "They count as one.",
	},
	{
		Name:     quirkDTSeparator,
		Seen:     "the date in dt is written with / . or -",
		Evidence: "[I] the document shows a backslash, which may be a slash whose escape was copied",
		Done:     "It is read like a backslash; day and month are never swapped.",
	},
	{
		Name:     quirkDTShort,
		Seen:     "a part of dt has one digit",
		Evidence: "[I] no sentence of the document says that the parts are padded",
		Done:     "It is read as a number.",
	},
	{
		Name:     quirkDTNever,
		Seen:     "dt is a local time that the zone skips",
		Evidence: "[?] times have no zone, and the zone is not documented",
		Done:     "It is moved forward by the length of the gap.",
	},
	{
		Name:     quirkDTTwice,
		Seen:     "dt is a local time that the zone has twice",
		Evidence: "[?] times have no zone, and the zone is not documented",
		Done:     "The first of both counts.",
	},
	{
		Name:     quirkDuplicateKey,
		Seen:     "a key occurs twice in a record",
		Evidence: "[?] seen in no document",
		Done:     "The last one counts, as for encoding/json and for ClickHouse; one in another case only if none is spelled as alpemix.txt has it.",
	},
	{
		Name:     quirkDurConflict,
		Seen:     "dur and dur: are both there and differ",
		Evidence: "[V] the key list of the document has dur, its samples have dur:",
		Done:     "dur counts.",
	},
	{
		Name:     quirkDurColon,
		Seen:     "the duration's key is dur: with a colon",
		Evidence: "[V] the samples of the document have it, its key list has dur",
		Done:     "It is read like dur.",
	},
	{
		Name:     quirkDurFraction,
		Seen:     "the duration has a fraction of a second",
		Evidence: "[I] the document calls dur an integer",
		Done:     "It is rounded down.",
	},
	{
		Name:     quirkDurMissing,
		Seen:     "dur is missing, null or an empty text",
		Evidence: "[?] whether a running session is listed is not documented",
		Done:     "The duration is 0 until the record changes.",
	},
	{
		Name:     quirkDurText,
		Seen:     "the duration is a text",
		Evidence: "[I] the document calls dur an integer, and does not say that it is unquoted",
		Done:     "A text that holds a number counts as that number.",
	},
	{
		Name:     quirkEnvelopeKey,
		Seen:     "next to records, the envelope has a key that a report in the document does not have, and its value is neither a list nor an object",
		Evidence: "[I] what an empty day looks like is not documented",
		Done:     "It is skipped. Without records, or if its value is a list or an object, the answer is an error.",
	},
	{
		Name:     quirkErrorNumberAbsent,
		Seen:     "results without an errornumber",
		Evidence: "[?] the document always shows both",
		Done:     "The records count.",
	},
	{
		Name:     quirkErrorNumberCase,
		Seen:     "errornumber is written in another case",
		Evidence: "[I] as for dur: keys need not be spelled as the document spells them",
		Done:     "It is the errornumber; without a record the answer is not an empty day.",
	},
	{
		Name:     quirkErrorNumberText,
		Seen:     "errornumber is a text",
		Evidence: "[I] as for dur",
		Done:     "A text that holds a number counts as that number.",
	},
	{
		Name:     quirkErrorNumberTwice,
		Seen:     "errornumber occurs twice",
		Evidence: "[?] seen in no document",
		Done:     "The first that is not 0 counts.",
	},
	{
		Name:     quirkIllegalEscape,
		Seen:     "a text holds a backslash that starts no escape, in a record whose dt shows that it escapes them",
		Evidence: "[R] a text cut within an escape",
		Done:     "That backslash is data; the record's other escapes are read.",
	},
	{
		Name:     quirkKeyCase,
		Seen:     "a record holds a key of alpemix.txt in another case",
		Evidence: "[I] as for errornumber_case",
		Done:     "It is read as that key.",
	},
	{
		Name:     quirkLoneSurrogate,
		Seen:     "an escape is half of a surrogate pair",
		Evidence: "[I] a text cut by length in UTF-16",
		Done:     "It becomes U+FFFD.",
	},
	{
		Name:     quirkMissingComma,
		Seen:     "two records without a comma between them",
		Evidence: "[I] JSON written by hand",
		Done:     "They are read as two.",
	},
	{
		Name:     quirkNullText,
		Seen:     "a text is null",
		Evidence: "[I] fields may be empty, as for anonymous parties",
		Done:     "It is empty.",
	},
	{
		Name:     quirkNumberForText,
		Seen:     "a text, such as uid or aid, is a number",
		Evidence: "[I] ids are digits kept as strings",
		Done:     "The number's text counts.",
	},
	{
		Name:     quirkResultsAbsent,
		Seen:     "errornumber 0 and nothing else",
		Evidence: "[I] what an empty day looks like is not documented",
		Done:     "An empty day.",
	},
	{
		Name:     quirkResultsNull,
		Seen:     "results is null",
		Evidence: "[I] what an empty day looks like is not documented",
		Done:     "An empty day, if errornumber is 0.",
	},
	{
		Name:     quirkStrayComma,
		Seen:     "a comma with nothing after it",
		Evidence: "[I] JSON written by hand",
		Done:     "It is skipped; results of commas alone is not an empty day.",
	},
	{
		Name:     quirkTrailingBackslash,
		Seen:     "in a record that is not strict JSON, a text ends in a backslash",
		Evidence: "[?] an unescaped backslash before a quote looks like an escaped quote",
		Done:     "The quote closes the text when optional space and , } or ] follow and what follows is structure again.",
	},
	{
		Name:     quirkTrailingText,
		Seen:     "something follows the closing brace of the document",
		Evidence: "[I] buffers of a fixed size sent in full (NUL), notes of proxies; seen in no document",
		Done:     "It is skipped. Another object there, or text after an empty day that is not a comment, is an error.",
	},
	{
		Name:     quirkTransport,
		Seen:     "the document is complete, but the transport does not end after it: Content-Length is larger, the last chunk is missing, the connection stays open or is closed abruptly",
		Evidence: "[?] how the server speaks HTTP is not documented; servers written by hand count wrong",
		Done:     "The document counts. Reading stops when the server has sent nothing for a second after it.",
	},
	{
		Name:     quirkUnescaped,
		Seen:     "a record is not strict JSON, and its dt does not show that it escapes backslashes",
		Evidence: "[?] whether backslashes are escaped is not documented; [R] no strict decoder reads them unescaped",
		Done:     `In this record every backslash is data, but that of \".`,
	},
	{
		Name:     quirkUnknownKey,
		Seen:     "a record holds a key that the document does not explain",
		Evidence: "[?] seen in no document",
		Done:     "It is kept in raw.",
	},
}
