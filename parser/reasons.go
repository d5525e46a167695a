package parser

// Reasons of rejects. There are few, so they can be metric labels.
const (
	reasonDTImpossible     = "dt_impossible"
	reasonDTMissing        = "dt_missing"
	reasonDTOutOfRange     = "dt_out_of_range"
	reasonDurationAbsurd   = "duration_absurd"
	reasonDurationNegative = "duration_negative"
	reasonMalformedJSON    = "malformed_json"
	reasonNotObject        = "not_object"
	reasonTooLarge         = "too_large"
	reasonUIDMissing       = "uid_missing"
	reasonWrongType        = "wrong_type"
)

// Reasons has all reasons for which Parse rejects a record, sorted.
var Reasons = []string{
	reasonDTImpossible,
	reasonDTMissing,
	reasonDTOutOfRange,
	reasonDurationAbsurd,
	reasonDurationNegative,
	reasonMalformedJSON,
	reasonNotObject,
	reasonTooLarge,
	reasonUIDMissing,
	reasonWrongType,
}
