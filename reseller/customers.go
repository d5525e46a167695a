package reseller

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"alpemix-collector/report"
)

// header is the first line of customers.csv.
var header = []string{"customer", "vendor", "account", "field", "value"}

// customerField is the field by which every reseller vendor knows a customer.
const customerField = "customer"

// alpemix is the vendor of support connections.
const alpemix = "alpemix"

// alpemixFields are those by which alpemix knows a customer, the
var alpemixFields = []string{"support_number", "target_alpemix_id", "target_name", "target_device", "staff_name"}

// worstLines is how many wrong lines one error names.
const worstLines = 10

// Customers is a customers.csv that can be used.
type Customers struct {
	Lines    []report.CustomerLine
	Warnings []string // what is probably not meant, each with its line
	numbers  []int    // of Lines, in the file
}

// ParseCustomers reads a customers.csv about alpemix and the given reseller vendors: a header and lines of customer, vendor, account, field and value, as spreadsheets write
// them too. Its error names the file and each wrong line, and then none of the lines may be used.
func ParseCustomers(file string, text []byte, vendors []*Vendor) (Customers, error) {
	plain, comma, err := tableText(text)
	if err != nil {
		return Customers{}, fmt.Errorf("%s: %w", file, err)
	}
	table := csv.NewReader(bytes.NewReader(plain))
	table.FieldsPerRecord, table.Comma = -1, comma
	p := customersParser{vendors: vendors, seen: map[report.CustomerLine]place{}, names: map[string]place{}}
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
			return Customers{}, fmt.Errorf("%s: %w", file, err)
		}
		line, _ := table.FieldPos(0)
		p.record(line, record)
	}
}

// Unknown are warnings about lines whose account is not one of its vendor's in accounts.
func (c Customers) Unknown(accounts map[string][]string) (warnings []string) {
	for i, l := range c.Lines {
		known := accounts[l.Vendor]
		if l.Account == "" || slices.Contains(known, l.Account) {
			continue
		}
		configured := strings.Join(known, ", ")
		if configured == "" {
			configured = "none"
		}
		warnings = append(warnings, fmt.Sprintf("line %d: account %q of %s is not configured (configured: %s); the line matches nothing that is collected now",
			c.numbers[i], l.Account, l.Vendor, configured))
	}
	return warnings
}

// unmapped is the customer of usage_vs_allotment of whom no line of the customers file tells.
const unmapped = "(unmapped)"

type customersParser struct {
	vendors []*Vendor
	headed  bool
	read    Customers
	seen    map[report.CustomerLine]place // by everything but the customer
	names   map[string]place              // of customers, by nameKey: where each was first
	errs    []error
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
		p.read.Lines, p.read.numbers = append(p.read.Lines, l), append(p.read.numbers, line)
		p.warn(line, l)
	}
}

// warn notes what is probably not meant.
func (p *customersParser) warn(line int, l report.CustomerLine) {
	key := nameKey(l.Customer)
	if before, known := p.names[key]; !known {
		p.names[key] = place{line, l.Customer}
	} else if before.customer != l.Customer {
		p.read.Warnings = append(p.read.Warnings, fmt.Sprintf("line %d: customer %q and %q of line %d are nearly the same name, and count as two customers",
			line, l.Customer, before.customer, before.line))
	}
	for _, cell := range []struct{ name, text string }{{"customer", l.Customer}, {"account", l.Account}, {"value", l.Value}} {
		if doubt := doubtfulText(cell.text); doubt != "" {
			p.read.Warnings = append(p.read.Warnings, fmt.Sprintf("line %d: %s %q %s", line, cell.name, cell.text, doubt))
		}
	}
}

func (p *customersParser) head(line int, record []string) {
	p.headed = true
	if !slices.EqualFunc(record, header, strings.EqualFold) {
		// The line is not shown: the file may be another one, such as that of a key.
		p.wrong(line, "it is not the header; the first line must be %s", strings.Join(header, ","))
	}
}

// problem tells what is wrong with a line, empty if nothing is.
func (p *customersParser) problem(line int, l report.CustomerLine) string {
	fields := map[string][]string{alpemix: alpemixFields}
	vendors := []string{alpemix}
	for _, v := range p.vendors {
		fields[v.Name] = []string{customerField}
		vendors = append(vendors, v.Name)
	}
	switch {
	case l.Customer == "":
		return "customer is empty; it names whose the value is"
	case l.Customer == unmapped:
		return "customer is " + unmapped + ", as the views call what is nobody's; leave the line out, or choose another name"
	case fields[l.Vendor] == nil:
		return fmt.Sprintf("vendor %q is not one of %s", l.Vendor, strings.Join(vendors, ", "))
	case !slices.Contains(fields[l.Vendor], l.Field):
		return fmt.Sprintf("field %q is not one of %s's: %s", l.Field, l.Vendor, strings.Join(fields[l.Vendor], ", "))
	case l.Value == "":
		return fmt.Sprintf("value is empty; it is what %s has as %s", l.Vendor, l.Field)
	}
	for _, cell := range []struct{ name, text string }{{"customer", l.Customer}, {"account", l.Account}, {"value", l.Value}} {
		if damage := damagedText(cell.text); damage != "" {
			return fmt.Sprintf("%s %q %s", cell.name, cell.text, damage)
		}
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

func (p *customersParser) result(file string) (Customers, error) {
	if !p.headed && len(p.errs) == 0 {
		p.wrong(1, "the header is missing; the first line must be %s", strings.Join(header, ","))
	}
	if len(p.errs) == 0 {
		return p.read, nil
	}
	errs := p.errs[:min(len(p.errs), worstLines)]
	for i := range errs {
		errs[i] = fmt.Errorf("%s: %w", file, errs[i])
	}
	if more := len(p.errs) - len(errs); more > 0 {
		errs = append(errs, fmt.Errorf("%s: %d more lines are wrong", file, more))
	}
	return Customers{}, errors.Join(errs...)
}
