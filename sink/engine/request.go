package engine

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxQuery is the maximum length of a query; ClickHouse's max_query_size is 256 KiB.
const maxQuery = 1 << 20

// maxQueryID is the maximum length of a query_id, which a header of the answer repeats.
const maxQueryID = 256

type setting struct{ name, value string }

// request is one parsed HTTP request of ClickHouse's interface.
type request struct {
	id       string // for the engine: identifies the running query, to kill it
	queryID  string // for the client
	daemon   bool   // may write
	get      bool   // may only read, whoever sent it
	database string
	format   string // of the answer if the query has no FORMAT
	output   string // of the answer; wrong if the engine does not know it, but then the query fails
	settings []setting
	params   []param
	protocol uint64 // requested revision of Native; 0 is the engine's own
	query    statement
	body     io.Reader // the data of an INSERT; otherwise nil

	buffered   bool   // the answer is sent when the query has finished
	compress   bool   // answer in ClickHouse's compressed blocks
	method     string // of those blocks: LZ4 or ZSTD
	encoding   string // of the answer: Content-Encoding, or ""
	decompress bool   // the body consists of compressed blocks
}

// urlParams returns the parameters in the URL of r. The last of several values counts.
func urlParams(r *http.Request) (map[string]string, error) {
	// People end queries with a semicolon, which Go treats as an obsolete separator.
	values, err := url.ParseQuery(strings.ReplaceAll(r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return nil, refuse(codeBadArguments, "cannot read the URL's parameters: %v", err)
	}
	params := make(map[string]string, len(values))
	for name, v := range values {
		params[name] = v[len(v)-1]
	}
	return params, nil
}

// parseRequest reads all of r except the data of an INSERT.
func parseRequest(r *http.Request, daemon bool, database string) (*request, error) {
	q := &request{
		id: rand.Text(), daemon: daemon, database: database, get: r.Method == http.MethodGet || r.Method == http.MethodHead,
		format: r.Header.Get("X-ClickHouse-Format"), method: "LZ4",
	}
	if d := r.Header.Get("X-ClickHouse-Database"); d != "" {
		q.database = d
	}
	params, err := urlParams(r)
	if err != nil {
		return nil, err
	}
	var text string
	httpCompression := false
	for name, value := range params {
		switch {
		case name == "query":
			text = value
		case name == "database":
			if value != "" {
				q.database = value
			}
		case name == "default_format":
			if q.format == "" {
				q.format = value
			}
		case name == "query_id":
			if len(value) > maxQueryID {
				return nil, refuse(codeBadArguments, "query_id is longer than %d bytes", maxQueryID)
			}
			q.queryID = value
		case name == "compress":
			q.compress = isTrue(value)
		case name == "decompress":
			q.decompress = isTrue(value)
		case name == "network_compression_method":
			q.method = strings.ToUpper(value)
		case name == "enable_http_compression":
			httpCompression = isTrue(value)
		case name == "client_protocol_version":
			if q.protocol, err = strconv.ParseUint(value, 10, 32); err != nil {
				return nil, refuse(codeBadArguments, "client_protocol_version %q is not a number", value)
			}
		case strings.HasPrefix(name, "param_"):
			q.params = append(q.params, param{strings.TrimPrefix(name, "param_"), value})
		case name == "wait_end_of_query":
			q.buffered = isTrue(value)
		case ignoredParams[name]:
		case !isSettingName(name):
			return nil, refuse(codeBadArguments, "%q is not the name of a setting", name)
		default:
			q.settings = append(q.settings, setting{name, value})
		}
	}
	if q.format == "" {
		q.format = "TabSeparated"
	}
	if q.queryID == "" {
		q.queryID = q.id
	}
	if q.decompress && !q.daemon {
		// Only an INSERT has such data, and the head of a block makes us allocate as much memory as
		// it declares.
		return nil, refuse(codeAccessDenied, "default: Not enough privileges: readers may not send compressed blocks")
	}
	if httpCompression {
		q.encoding = chooseEncoding(r.Header.Get("Accept-Encoding"))
	}
	return q, q.readQuery(r, text)
}

// readQuery reads the query from the URL, the body or, as ClickHouse does, both: it concatenates
// them.
func (q *request) readQuery(r *http.Request, text string) error {
	var body io.Reader = http.NoBody
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return refuse(codeBadArguments, "external tables (multipart/form-data) are not supported by the embedded engine")
	}
	if r.Method == http.MethodPost {
		var err error
		if body, err = decodeBody(r.Body, r.Header.Get("Content-Encoding"), q.decompress); err != nil {
			return err
		}
	}
	q.query = parseStatement(text)
	if !q.query.insert {
		head, err := io.ReadAll(io.LimitReader(body, maxQuery+1))
		if err != nil {
			return refuse(codeBadArguments, "cannot read the request's body: %v", err)
		}
		if len(head) > 0 {
			if text != "" {
				text += "\n"
			}
			text += string(head)
			q.query = parseStatement(text)
		}
		if len(head) > maxQuery && !q.query.insert {
			return &Exception{codeSyntaxError, fmt.Sprintf("Code: %d. DB::Exception: the query is longer than %d bytes. (SYNTAX_ERROR)", codeSyntaxError, maxQuery)}
		}
	}
	if q.query.insert {
		q.body = io.MultiReader(strings.NewReader(q.query.data), body)
	}
	return nil
}

// resolveFormat sets the format of the answer. It checks that the engine has the format, because
// what looks like a FORMAT clause may be a column of that name.
func (q *request) resolveFormat(e *engine) error {
	if !q.daemon {
		if err := e.checkFormat(q.format); err != nil {
			return err
		}
	} else if !e.formats[strings.ToLower(q.format)] {
		return refuse(codeUnknownFormat, "Unknown format %.100s", q.format)
	}
	q.output = q.format
	if !q.query.insert && e.formats[strings.ToLower(q.query.format)] {
		q.output = q.query.format
	}
	return nil
}

// ignoredParams are URL parameters for a real server's HTTP handler that have no meaning here.
var ignoredParams = map[string]bool{
	"user": true, "password": true, "quota_key": true, "buffer_size": true,
	// A session would keep settings and temporary tables. Readers have neither; each request is
	// independent.
	"session_id": true, "session_timeout": true, "session_check": true, "close_session": true,
	"cancel_http_readonly_queries_on_client_close": true, "http_wait_end_of_query": true, "http_response_buffer_size": true,
	"send_progress_in_http_headers": true, "http_zlib_compression_level": true,
	"network_zstd_compression_level": true, "stacktrace": true, "role": true, "http_write_exception_in_output_format": true,
	"readonly": true, "log_comment": true, "add_http_cors_header": true, "http_headers_progress_interval_ms": true,
}

func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") }

func isSettingName(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) || s[i] >= 0x80 {
			return false
		}
	}
	return s != ""
}
