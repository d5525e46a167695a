package reseller

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"alpemix-collector/report"
	world "alpemix-collector/simulator/reseller"
)

var bakkal = []report.CustomerLine{
	{Customer: "Bakkal", Vendor: "alpemix", Account: "main", Field: "support_number", Value: "1001"},
	{Customer: "Bakkal", Vendor: "remotepc", Account: "", Field: "customer", Value: "info@bakkal.example"},
}

func TestCustomersInEveryForm(t *testing.T) {
	plain := "customer,vendor,account,field,value\nBakkal,alpemix,main,support_number,1001\nBakkal,remotepc,,customer,info@bakkal.example\n"
	for name, text := range map[string]string{
		"plain":              plain,
		"without a line end": strings.TrimSuffix(plain, "\n"),
		"BOM":                "\ufeff" + plain,
		"CRLF":               strings.ReplaceAll(plain, "\n", "\r\n"),
		"semicolons":         strings.ReplaceAll(plain, ",", ";"),
		"of a spreadsheet":   "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(plain, ",", ";"), "\n", "\r\n") + ";;;;\r\n;;;;\r\n",
		"columns too many":   strings.ReplaceAll(plain, "\n", ",,\n"),
		"quotes":             strings.ReplaceAll(plain, "Bakkal", `"Bakkal"`),
		"blanks":             strings.ReplaceAll(plain, ",", " , "),
		"blank lines":        strings.ReplaceAll(plain, "\n", "\n\n"),
		"tabs":               strings.ReplaceAll(plain, ",", "\t"),
		"bars":               strings.ReplaceAll(plain, ",", "|"),
		"CR":                 strings.ReplaceAll(plain, "\n", "\r"),
		"CR, one at the end": strings.TrimSuffix(strings.ReplaceAll(plain, "\n", "\r"), "\r"),
		"sep=;":              "sep=;\n" + strings.ReplaceAll(plain, ",", ";"),
		"sep=, and CRLF":     "\ufeffSep=,\r\n" + strings.ReplaceAll(plain, "\n", "\r\n"),
		"sep= quoted":        "\"sep=;\"\r\n" + strings.ReplaceAll(strings.ReplaceAll(plain, ",", ";"), "\n", "\r\n"),
		"sep= tab":           "sep=\t\n" + strings.ReplaceAll(plain, ",", "\t"),
		"sep= and columns":   "sep=;;;;;\n" + strings.ReplaceAll(plain, ",", ";"),
		"UTF-16LE":           string(utf16of(plain, false)),
		"UTF-16BE":           string(utf16of(strings.ReplaceAll(plain, "\n", "\r\n"), true)),
		"Unicode text":       string(utf16of(strings.ReplaceAll(strings.ReplaceAll(plain, ",", "\t"), "\n", "\r\n"), false)),
		"no-break blanks":    strings.ReplaceAll(plain, ",", "\u00a0,\u2007\u202f\u3000"),
		"capitals":           strings.NewReplacer("customer,vendor", "Customer,Vendor", "remotepc", "RemotePC", "support_number", "Support_Number").Replace(plain),
	} {
		if got, err := ParseCustomers("customers.csv", []byte(text), testVendors); err != nil || !reflect.DeepEqual(got.Lines, bakkal) || got.Warnings != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func utf16of(text string, big bool) []byte {
	order := binary.ByteOrder(binary.LittleEndian)
	if big {
		order = binary.BigEndian
	}
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		out = append(out, 0, 0)
		order.PutUint16(out[len(out)-2:], unit)
	}
	return out
}

func TestCustomersWithDelimitersInNames(t *testing.T) {
	want := []report.CustomerLine{{Customer: `Şen; "Gül", Ltd`, Vendor: "alpemix", Field: "target_name", Value: "KASA,1"}}
	for _, text := range []string{
		"customer,vendor,account,field,value\n\"Şen; \"\"Gül\"\", Ltd\",alpemix,,target_name,\"KASA,1\"\n",
		"customer;vendor;account;field;value\n\"Şen; \"\"Gül\"\", Ltd\";alpemix;;target_name;KASA,1\n",
	} {
		if got, err := ParseCustomers("customers.csv", []byte(text), testVendors); err != nil || !reflect.DeepEqual(got.Lines, want) {
			t.Errorf("%v %v", got, err)
		}
	}
}

// TestWrongCustomers: each error names the file, the line and what would be right, and nothing of the file is used.
func TestWrongCustomers(t *testing.T) {
	for name, tc := range map[string]struct{ lines, want string }{
		"vendor": {"A,remotpc,,customer,x", `line 2: vendor "remotpc" is not one of alpemix, remotepc, ccportal, serwersms, limacity`},
		"field of Alpemix": {
			"A,alpemix,,customer,x", `line 2: field "customer" is not one of alpemix's: support_number, target_alpemix_id, target_name, target_device, staff_name`,
		},
		"field of a reseller": {"A,ccportal,,support_number,x", `line 2: field "support_number" is not one of ccportal's: customer`},
		"no customer":         {" ,ccportal,,customer,x", "line 2: customer is empty; it names whose the value is"},
		"a reserved customer": {"(unmapped),ccportal,,customer,x", "line 2: customer is (unmapped), as the views call what is nobody's; leave the line out, or choose another name"},
		"no value":            {"A,ccportal,,customer,", "line 2: value is empty; it is what ccportal has as customer"},
		"too few fields":      {"A,ccportal,customer,x", "line 2: has 4 fields instead of 5: customer,vendor,account,field,value"},
		"too many fields":     {"A,ccportal,,customer,x,y", "line 2: has 6 fields instead of 5: customer,vendor,account,field,value"},
		"twice":               {"A,ccportal,,customer,x\nB,ccportal,,customer,y\nA,CCPortal,,customer, x", "line 4: says what line 2 says; one of them is enough"},
		"contradiction": {
			"A,ccportal,,customer,x\n\nB,ccportal,,customer,x", `line 4: gives ccportal customer "x" to "B", and line 2 to "A"; it can be one customer's only`,
		},
		"quote": {
			"A,ccportal,,customer,x\nA \"B\" C,ccportal,,customer,y", `line 3: bare " in non-quoted-field; a field with a quote in it is put in quotes, and the quote written twice`,
		},
		"quote without end": {
			"\"A,ccportal,,customer,x\nB,ccportal,,customer,y", `line 3: extraneous or missing " in quoted-field; a field with a quote in it is put in quotes, and the quote written twice`,
		},
		"shortened number":  {"A,alpemix,,support_number,1.00E+03", `line 2: value "1.00E+03" is a number that a spreadsheet has shortened; format the column as text and enter the whole value again`},
		"shortened, German": {"A,alpemix,,target_alpemix_id,\"1,23457E+11\"", `line 2: value "1,23457E+11" is a number that a spreadsheet has shortened; format the column as text and enter the whole value again`},
		"too narrow":        {"A,alpemix,,support_number,######", `line 2: value "######" is what a spreadsheet shows instead of a value; enter the value again`},
		"broken formula":    {"#REF!,alpemix,,support_number,7", `line 2: customer "#REF!" is what a spreadsheet shows instead of a value; enter the value again`},
		"formula":           {`A,alpemix,,support_number,"=""007"""`, `line 2: value "=\"007\"" is a formula; enter the value alone`},
		"charset":           {"A,ccportal,,customer,x\n\xde\x65n,ccportal,,customer,y", `line 3: holds bytes that are not UTF-8; save the file as UTF-8, in Excel as "CSV UTF-8"`},
		"several": {"A,x,,customer,x\nB,ccportal,,customer,y\nC,ccportal,,z,y", "line 2: vendor \"x\" is not one of alpemix, remotepc, ccportal, serwersms, limacity\n" +
			"FILE: line 4: field \"z\" is not one of ccportal's: customer"},
	} {
		lines, err := ParseCustomers("/etc/customers.csv", []byte("customer,vendor,account,field,value\n"+tc.lines+"\n"), testVendors)
		if want := "/etc/customers.csv: " + strings.ReplaceAll(tc.want, "FILE", "/etc/customers.csv"); err == nil || err.Error() != want || lines.Lines != nil {
			t.Errorf("%s: %v\ngot  %v\nwant %s", name, lines, err, want)
		}
	}
	for name, tc := range map[string]struct{ text, want string }{
		"empty":                 {"", "c: line 1: the header is missing; the first line must be customer,vendor,account,field,value"},
		"UTF-16 without a mark": {string(utf16of("customer,vendor\n", false)[2:]), `c: line 1: holds NUL bytes, as UTF-16 without a byte order mark does; save the file as UTF-8, in Excel as "CSV UTF-8"`},
		"cut UTF-16":            {"\xff\xfec\x00u", "c: line 1: it is not the header; the first line must be customer,vendor,account,field,value"},
		"unknown separator":     {"sep=:\ncustomer:vendor\n", "c: line 1: sep= has to name a comma, a semicolon, a tab or a bar"},
		"another separator":     {"customer:vendor:account:field:value\n", `c: line 1: it is not the header; the first line must be customer,vendor,account,field,value`},
		"no header":             {"A,ccportal,,customer,x\n", `c: line 1: it is not the header; the first line must be customer,vendor,account,field,value`},
		"many": {"customer,vendor,account,field,value\n" + strings.Repeat("A,x,,customer,x\n", 14),
			"c: 4 more lines are wrong"},
	} {
		_, err := ParseCustomers("c", []byte(tc.text), testVendors)
		if err == nil || !strings.HasSuffix(err.Error(), tc.want) {
			t.Errorf("%s: got  %v\nwant %s", name, err, tc.want)
		}
	}
}

// TestWhatIsProbablyNotMeantIsWarnedOf, with its line, and used all the same.
func TestWhatIsProbablyNotMeantIsWarnedOf(t *testing.T) {
	for name, tc := range map[string]struct {
		lines string
		want  []string
	}{
		"nothing":     {"A,alpemix,,support_number,1\nB,alpemix,,support_number,2\nA,alpemix,,support_number,3", nil},
		"case":        {"Bakkal,alpemix,,support_number,1\nBAKKAL,alpemix,,support_number,2", []string{`line 3: customer "BAKKAL" and "Bakkal" of line 2 are nearly`}},
		"Turkish i":   {"İpek Işık,alpemix,,support_number,1\nipek ışık,alpemix,,support_number,2\nIPEK IŞIK,alpemix,,support_number,3", []string{"line 3: customer", "line 4: customer"}},
		"blanks":      {"Bakkal Ltd,alpemix,,support_number,1\nBakkal  Ltd,alpemix,,support_number,2\nBakkal\u00a0Ltd,alpemix,,support_number,3", []string{"line 3: customer", "line 4: customer"}},
		"NFC":         {"\u015een,alpemix,,support_number,1\nS\u0327en,alpemix,,support_number,2", []string{"line 3: customer", "has accents"}},
		"full width":  {"ACME,alpemix,,support_number,1\n\uff21\uff23\uff2d\uff25,alpemix,,support_number,2", []string{"line 3: customer"}},
		"zero width":  {"A,alpemix,,target_name,KASA\u200b1", []string{"line 2: value", "U+200B"}},
		"control":     {"A,alpemix,,target_name,KASA\x01", []string{"line 2: value", "U+0001"}},
		"many digits": {"A,alpemix,,support_number,1234567890123450", []string{"line 2: value"}},
		"apostrophe":  {"A,alpemix,,support_number,'007", []string{"line 2: value"}},
		"no number":   {"A,alpemix,,target_device,1E5\nB,alpemix,,target_device,2e7\nC,alpemix,,target_name,#1", nil},
	} {
		read, err := ParseCustomers("c", []byte("customer,vendor,account,field,value\n"+tc.lines+"\n"), testVendors)
		got := strings.Join(read.Warnings, "\n")
		if err != nil || len(read.Lines) == 0 || (got == "") != (tc.want == nil) {
			t.Errorf("%s: %+v %v", name, read, err)
		}
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not hold %s", name, got, want)
			}
		}
	}
	read, err := ParseCustomers("c", []byte("customer,vendor,account,field,value\nA,remotepc,eu,customer,x\n\nA,remotepc,EU,customer,y\nA,alpemix,,staff_name,z\nA,ccportal,k,customer,z\n"), testVendors)
	got := read.Unknown(map[string][]string{"remotepc": {"eu", "us"}, "alpemix": {"main"}})
	if err != nil || len(got) != 2 || !strings.HasPrefix(got[0], `line 4: account "EU" of remotepc is not configured (configured: eu, us)`) || !strings.Contains(got[1], "(configured: none)") {
		t.Errorf("%q %v", got, err)
	}
}

// TestAnAccountOfItsOwnIsNoContradiction: a line with an account is more exact than one for any.
func TestAnAccountOfItsOwnIsNoContradiction(t *testing.T) {
	lines, err := ParseCustomers("c", []byte("customer,vendor,account,field,value\nA,ccportal,,customer,x\nB,ccportal,kommitt,customer,x\nC,alpemix,,staff_name,x\n"), testVendors)
	if err != nil || len(lines.Lines) != 3 {
		t.Errorf("%v %v", lines, err)
	}
}

func TestTheSimulatorsCustomersAreRead(t *testing.T) {
	w := &world.World{Seed: 4}
	var text bytes.Buffer
	if err := w.WriteMappings(&text); err != nil {
		t.Fatal(err)
	}
	read, err := ParseCustomers("customers.csv", text.Bytes(), testVendors)
	lines := read.Lines
	if want := w.Mappings(); err != nil || len(lines) != len(want) || len(lines) < 40 {
		t.Fatalf("%d of %d lines: %v", len(lines), len(want), err)
	}
	for i, m := range w.Mappings() {
		if lines[i] != (report.CustomerLine(m)) {
			t.Errorf("%+v, want %+v", lines[i], m)
		}
	}
}

// FuzzCustomers: whatever a file holds, either every line of it is good or the error names a line, and what is good survives
// being written again.
func FuzzCustomers(f *testing.F) {
	for _, seed := range []string{
		"customer,vendor,account,field,value\nA,ccportal,,customer,x\n", "\ufeffcustomer;vendor;account;field;value\r\n\"A\"\"\";alpemix;main;staff_name;y\r\n",
		"customer,vendor,account,field,value\n\"A\nB\",ccportal,,customer,x\n", "\"", ";", ",,,,\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := ParseCustomers("c", text, testVendors)
		if err != nil {
			if lines.Lines != nil || !strings.HasPrefix(err.Error(), "c: line ") {
				t.Fatalf("%v %v", lines, err)
			}
			return
		}
		again := "customer,vendor,account,field,value\n"
		for _, l := range lines.Lines {
			again += fmt.Sprintf("%s,%s,%s,%s,%s\n", quoted(l.Customer), l.Vendor, quoted(l.Account), l.Field, quoted(l.Value))
		}
		if got, err := ParseCustomers("c", []byte(again), testVendors); err != nil || !reflect.DeepEqual(got.Lines, lines.Lines) {
			t.Fatalf("%q\n%v, then %v %v", text, lines, got, err)
		}
	})
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// TestTheDocumentedFileIsRead: the example of docs/customers.md is one, and the page names all vendors and fields.
func TestTheDocumentedFileIsRead(t *testing.T) {
	page, err := os.ReadFile("../docs/customers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```csv\n")
	example, after, _ := strings.Cut(rest, "```\n")
	if lines, err := ParseCustomers("customers.csv", []byte(example), testVendors); err != nil || len(lines.Lines) != 4 {
		t.Errorf("%v %v", lines, err)
	}
	words := slices.Concat(alpemixFields, []string{alpemix, customerField})
	for _, v := range testVendors {
		words = append(words, v.Name)
	}
	for _, word := range words {
		if !strings.Contains(after, "`"+word+"`") {
			t.Errorf("%s is not documented", word)
		}
	}
}

// testVendors are those that are played.
var testVendors = func() (all []*Vendor) {
	for _, l := range world.Labels() {
		all = append(all, &Vendor{Name: l.Vendor})
	}
	return all
}()
