package parser

// QuirkTransport is the one quirk that is not of an answer's text but of how it came.
const QuirkTransport = quirkTransport

// Names of quirks: rows of Quirks, fixtures in testdata/quirks, labels of the metric alpemix_quirks_total, headings in
// docs/quirks.md. A test holds them together.
const (
	quirkAnonymousParty    = "anonymous_party"
	quirkBOM               = "bom"
	quirkBrokenRecord      = "broken_record"
	quirkDamagedUTF8       = "charset_damaged_utf8"
	quirkDeclaredCharset   = "charset_declared"
	quirkMixedCharset      = "charset_mixed"
	quirkUTF16             = "charset_utf16"
	quirkWindows1254       = "charset_windows_1254"
	quirkControlCharacter  = "control_character"
	quirkDirText           = "dir_text"
	quirkDirUnknown        = "dir_unknown"
	quirkDTDoubled         = "dt_doubled_backslash"
	quirkDTSeparator       = "dt_separator"
	quirkDTShort           = "dt_short"
	quirkDTNever           = "dt_time_never"
	quirkDTTwice           = "dt_time_twice"
	quirkDuplicateKey      = "duplicate_key"
	quirkDurConflict       = "dur_and_dur_colon_differ"
	quirkDurColon          = "dur_colon"
	quirkDurFraction       = "dur_fraction"
	quirkDurMissing        = "dur_missing"
	quirkDurText           = "dur_text"
	quirkEnvelopeKey       = "envelope_key"
	quirkErrorNumberAbsent = "errornumber_absent"
	quirkErrorNumberCase   = "errornumber_case"
	quirkErrorNumberText   = "errornumber_text"
	quirkErrorNumberTwice  = "errornumber_twice"
	quirkIllegalEscape     = "illegal_escape"
	quirkLoneSurrogate     = "lone_surrogate"
	quirkMissingComma      = "missing_comma"
	quirkNullText          = "null_text"
	quirkNumberForText     = "number_for_text"
	quirkResultsAbsent     = "results_absent"
	quirkResultsNull       = "results_null"
	quirkStrayComma        = "stray_comma"
	quirkTrailingBackslash = "trailing_backslash"
	quirkTrailingText      = "trailing_text"
	quirkTransport         = "transport_end"
	quirkUnescaped         = "unescaped_backslashes"
	quirkUnknownKey        = "unknown_key"
)
