package ccportal

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// document is an answer that could be decoded.
type document struct {
	answer
	text  []byte
	inXML bool
}

// decode reads an answer in the format that it is in, which need not be the one that was asked for. An error tells that it is in
// neither, as a web page is.
func decode(a *vendorhttp.Answer) (*document, error) {
	text, err := a.Text()
	if err != nil {
		return nil, err
	}
	doc := &document{text: text, inXML: a.Page()}
	if doc.inXML {
		if err := rooted(text); err != nil {
			return nil, err
		}
		if err := unmarshalXML(text, &doc.answer); err != nil {
			return nil, doc.unexpected(err)
		}
		return doc, nil
	}
	if err := wire.Object(text, &doc.answer); err != nil {
		return nil, err
	}
	if inner := doc.Response; inner != nil {
		doc.answer = answer{}
		if err := wire.Object(inner, &doc.answer); err != nil {
			return nil, fmt.Errorf("response: %w", err)
		}
	}
	return doc, nil
}

// rooted wants a document whose root is response: any other document in angle brackets is a web page.
func rooted(text []byte) error {
	d := decoder(text)
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			if start.Name.Local != "response" {
				return fmt.Errorf("its root is %.40q, not response", start.Name.Local)
			}
			return nil
		}
	}
}

func unmarshalXML(text []byte, into *answer) error {
	d := decoder(text)
	if err := d.Decode(into); err != nil {
		return err
	}
	for {
		token, err := d.Token()
		switch rest := token.(type) {
		case nil:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case xml.CharData:
			if len(bytes.TrimSpace(rest)) > 0 {
				return errors.New("text follows the document")
			}
		case xml.StartElement:
			return errors.New("another document follows the first")
		}
	}
}

// decoder reads text, which is UTF-8 by now, whatever charset it names.
func decoder(text []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// isOf refuses an answer about another customer. A number in JSON has lost its leading zeros.
func (d *document) isOf(customer string) error {
	told := strings.TrimSpace(d.Customer.Value)
	if told == "" || strings.EqualFold(strings.TrimLeft(told, "0"), strings.TrimLeft(customer, "0")) {
		return nil
	}
	return fmt.Errorf("it is about customer %.40q", told)
}

// confirms wants an empty document, or one about the customer, after a change.
func (d *document) confirms(customer string) error {
	if err := d.isOf(customer); err != nil {
		return d.unexpected(err)
	}
	known := d.Customer.Valid || d.Found.Valid || d.Enabled.Valid || d.Dirty.Valid || d.answer.Packs.XMLName.Local != ""
	if shape := vendorhttp.Shape(d.text); !known && shape != "{}" && shape != "<response>" {
		return d.unexpected(errors.New("it does not say that it is about the customer"))
	}
	return nil
}

// unexpected is err about a document that was decoded and does not tell what it should.
func (d *document) unexpected(err error) error {
	return vendorhttp.InForm(fmt.Errorf("%w, in %s", err, vendorhttp.Shape(d.text)))
}

// raw is a pack as it was sent.
func (d *document) raw(p packAnswer) string {
	if d.inXML {
		return "<pack>" + p.Raw + "</pack>"
	}
	return p.Raw
}
