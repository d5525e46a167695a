package reseller

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"alpemix-collector/report"
)

// header is the first line of customers.csv.
var header = []string{"customer", "vendor", "account", "field", "value"}

// customerField is the field by which every reseller vendor knows a customer.
const customerField = "customer"

// fieldsOf are the fields by which a vendor's data tell a customer.
var fieldsOf = []struct {
	vendor string
	fields []string
}{
	{"alpemix", []string{"support_number", "target_alpemix_id", "target_name", "target_device", "staff_name"}},
	{"remotepc", []string{customerField}},
	{"ccportal", []string{customerField}},
	{"serwersms", []string{customerField}},
	{"limacity", []string{customerField}},
}

// worstLines is how many wrong lines one error names.
const worstLines = 10

// ParseCustomers reads a customers.csv: a header and lines of customer, vendor, account, field and value, as spreadsheets write
// them too. Its error names the file and each wrong line, and then none of the lines may be used.
func ParseCustomers(file string, text []byte) ([]report.CustomerLine, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if line := firstUnreadable(text); line > 0 {
		return nil, fmt.Errorf("%s: line %d: holds bytes that are not UTF-8; save the file as UTF-8, in Excel as \"CSV UTF-8\"", file, line)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	table := csv.NewReader(bytes.NewReader(text))
	table.FieldsPerRecord = -1
	if bytes.ContainsRune(first, ';') {
		table.Comma = ';'
	}
	p := customersParser{seen: map[report.CustomerLine]place{}}
	for {
		record, err := table.Read()
		if errors.Is(err, io.EOF) {
			return p.result(file)
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok { // what comes behind a quote that does not end means nothing
			p.wrong(wrong.Line, "%w; a field with a quote in it is put in quotes, and the quote written twice", wrong.Err)
			return p.result(file)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		line, _ := table.FieldPos(0)
		p.record(line, record)
	}
}

func firstUnreadable(text []byte) int {
	if utf8.Valid(text) {
		return 0
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 0
}

// unmapped is the customer of usage_vs_allotment of whom no line of the customers file tells.
const unmapped = "(unmapped)"

type customersParser struct {
	headed bool
	lines  []report.CustomerLine
	seen   map[report.CustomerLine]place // by everything but the customer
	errs   []error
}

// place is where a value was given to whom.
type place struct {
	line     int
	customer string
}

func (p *customersParser) wrong(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...)))
}

func (p *customersParser) record(line int, record []string) {
	for i := range record {
		record[i] = strings.TrimSpace(record[i])
	}
	for len(record) > len(header) && record[len(record)-1] == "" {
		record = record[:len(record)-1] // columns that a spreadsheet has left empty
	}
	switch {
	case strings.Join(record, "") == "": // and lines
	case !p.headed:
		p.head(line, record)
	case len(record) != len(header):
		p.wrong(line, "has %d fields instead of %d: %s", len(record), len(header), strings.Join(header, ","))
	default:
		l := report.CustomerLine{Customer: record[0], Vendor: strings.ToLower(record[1]), Account: record[2], Field: strings.ToLower(record[3]), Value: record[4]}
		if problem := p.problem(line, l); problem != "" {
			p.wrong(line, "%s", problem)
			return
		}
		p.lines = append(p.lines, l)
	}
}

func (p *customersParser) head(line int, record []string) {
	p.headed = true
	if !slices.EqualFunc(record, header, strings.EqualFold) {
		p.wrong(line, "%q is not the header; the first line has to be %s", strings.Join(record, ","), strings.Join(header, ","))
	}
}

// problem tells what is wrong with a line, empty if nothing is.
func (p *customersParser) problem(line int, l report.CustomerLine) string {
	var vendors []string
	var fields []string
	for _, v := range fieldsOf {
		vendors = append(vendors, v.vendor)
		if v.vendor == l.Vendor {
			fields = v.fields
		}
	}
	switch {
	case l.Customer == "":
		return "customer is empty; it names whose the value is"
	case l.Customer == unmapped:
		return "customer is " + unmapped + ", as the views call what is nobody's; leave the line out, or choose another name"
	case fields == nil:
		return fmt.Sprintf("vendor %q is not one of %s", l.Vendor, strings.Join(vendors, ", "))
	case !slices.Contains(fields, l.Field):
		return fmt.Sprintf("field %q is not one of %s's: %s", l.Field, l.Vendor, strings.Join(fields, ", "))
	case l.Value == "":
		return fmt.Sprintf("value is empty; it is what %s has as %s", l.Vendor, l.Field)
	}
	key := l
	key.Customer = ""
	before, twice := p.seen[key]
	switch {
	case twice && before.customer == l.Customer:
		return fmt.Sprintf("says what line %d says; one of them is enough", before.line)
	case twice:
		return fmt.Sprintf("gives %s %s %q to %q, and line %d to %q; it can be one customer's only", l.Vendor, l.Field, l.Value, l.Customer, before.line, before.customer)
	}
	p.seen[key] = place{line, l.Customer}
	return ""
}

func (p *customersParser) result(file string) ([]report.CustomerLine, error) {
	if !p.headed && len(p.errs) == 0 {
		p.wrong(1, "there is no header; the first line has to be %s", strings.Join(header, ","))
	}
	if len(p.errs) == 0 {
		return p.lines, nil
	}
	errs := p.errs[:min(len(p.errs), worstLines)]
	for i := range errs {
		errs[i] = fmt.Errorf("%s: %w", file, errs[i])
	}
	if more := len(p.errs) - len(errs); more > 0 {
		errs = append(errs, fmt.Errorf("%s: %d more lines are wrong", file, more))
	}
	return nil, errors.Join(errs...)
}
