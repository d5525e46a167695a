package engine

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Exception is an error of the engine: ClickHouse's error number and message.
type Exception struct {
	Code    int
	Message string // "Code: 60. DB::Exception: Unknown table … (UNKNOWN_TABLE)"
}

func (e *Exception) Error() string { return e.Message }

// text returns e as an HTTP client receives it.
func (e *Exception) text(version string) string {
	return fmt.Sprintf("%s (version %s (official build))\n", e.Message, version)
}

// The engine's error numbers that this package itself returns, from ClickHouse's ErrorCodes.cpp.
const (
	codeBadArguments         = 36
	codeSyntaxError          = 62
	codeUnknownFormat        = 73
	codeUnknownSetting       = 115
	codeReadonly             = 164
	codeTooManyQueries       = 202
	codeMemoryLimit          = 241
	codeConstraint           = 452
	codeAccessDenied         = 497
	codeAuthenticationFailed = 516
	codeUnknownException     = 1002
)

var codeNames = map[int]string{
	codeBadArguments:         "BAD_ARGUMENTS",
	codeSyntaxError:          "SYNTAX_ERROR",
	codeUnknownFormat:        "UNKNOWN_FORMAT",
	codeUnknownSetting:       "UNKNOWN_SETTING",
	codeMemoryLimit:          "MEMORY_LIMIT_EXCEEDED",
	codeConstraint:           "SETTING_CONSTRAINT_VIOLATION",
	codeReadonly:             "READONLY",
	codeTooManyQueries:       "TOO_MANY_SIMULTANEOUS_QUERIES",
	codeAccessDenied:         "ACCESS_DENIED",
	codeAuthenticationFailed: "AUTHENTICATION_FAILED",
	codeUnknownException:     "UNKNOWN_EXCEPTION",
}

// refuse returns an Exception in the engine's wording.
func refuse(code int, format string, args ...any) *Exception {
	return &Exception{code, fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), codeNames[code])}
}

var exceptionCode = regexp.MustCompile(`Code: (\d+)\.`)

// parseException parses the engine's error message. A message without a number gets ClickHouse's
// number for unknown exceptions.
func parseException(text string) *Exception {
	text = strings.TrimSpace(text)
	at := exceptionCode.FindStringSubmatchIndex(text)
	if at == nil {
		return refuse(codeUnknownException, "%s", text)
	}
	code, err := strconv.Atoi(text[at[2]:at[3]])
	if err != nil {
		return refuse(codeUnknownException, "%s", text)
	}
	return &Exception{code, text[at[0]:]}
}

// status returns the HTTP status that ClickHouse's HTTPHandler sends with an error number.
func (e *Exception) status() int {
	switch e.Code {
	case 194: // REQUIRED_PASSWORD
		return http.StatusUnauthorized
	case 192, 193, codeAuthenticationFailed, 512: // UNKNOWN_USER, WRONG_PASSWORD, SET_NON_GRANTED_ROLE
		return http.StatusForbidden
	case 6, 25, 26, 27, 28, codeBadArguments, 37, 38, 41, 43, 53, codeSyntaxError, 69, 70, 72, 117, 130, 131, 190, 321, 441, 456, 457:
		return http.StatusBadRequest // what cannot be parsed, converted or bound
	case 46, 47, 50, 56, 60, 63, codeUnknownFormat, 81, codeUnknownSetting, 336, 337:
		return http.StatusNotFound // unknown function, identifier, type, table, database, format, setting …
	case 159: // TIMEOUT_EXCEEDED
		return http.StatusRequestTimeout
	case 381: // HTTP_LENGTH_REQUIRED
		return http.StatusLengthRequired
	case 48: // NOT_IMPLEMENTED
		return http.StatusNotImplemented
	case codeTooManyQueries, 209, 210: // SOCKET_TIMEOUT, NETWORK_ERROR
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
