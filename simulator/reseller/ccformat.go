package reseller

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// element is a part of an answer of CC, which writes everything in JSON and in XML.
type element struct {
	name  string
	value any // string, bool, or number, which is a flag that the document prints as one; or a list
}

type number bool

// list is elements of one name, each with its parts.
type list struct {
	of    string
	items [][]element
}

func (c *Customer) status(found bool) []element {
	return []element{
		{"ParCustId", c.Name}, {"found", found}, {"enabled", found && c.Active}, {"pwdchanged", number(c.PasswordChanged)}, {"dirty", c.Dirty},
	}
}

func (c *Customer) mailList() []element {
	accounts := list{of: "account"}
	for i, address := range c.Mails {
		kind, forward := "TYPE_ADDITIONAL", ""
		if i == 0 {
			kind = "TYPE_PRIMARY"
			if c.Forward != "" {
				kind, forward = "TYPE_PRIMARY_FORWARD", c.Forward
			}
		}
		accounts.items = append(accounts.items, []element{{"mail", address}, {"type", kind}, {"forward", forward}})
	}
	return []element{{"ParCustId", c.Name}, {"accounts", accounts}}
}

func (c *Customer) packList(shown []Pack) []element {
	packs := list{of: "pack"}
	for _, p := range shown {
		packs.items = append(packs.items, []element{{"name", p.Name}, {"value", p.Value}})
	}
	return []element{{"ParCustId", c.Name}, {"dirty", c.Dirty}, {"packs", packs}}
}

// xml writes content as the document's samples are.
func (q *Quirks) xml(content []element) []byte {
	var out bytes.Buffer
	if !q.NoDeclaration {
		out.WriteString("<?xml version=\"1.0\"?>\n")
	}
	q.writeXML(&out, element{"response", content}, "")
	return out.Bytes()
}

func (q *Quirks) writeXML(out *bytes.Buffer, e element, indent string) {
	var parts []element
	switch value := e.value.(type) {
	case []element:
		parts = value
	case list:
		for _, item := range value.items {
			parts = append(parts, element{value.of, item})
		}
	default:
		text := q.flag(value)
		if text == "" {
			fmt.Fprintf(out, "%s<%s/>\n", indent, e.name)
			return
		}
		fmt.Fprintf(out, "%s<%s>", indent, e.name)
		_ = xml.EscapeText(out, fmt.Append(nil, text)) // memory takes everything
		fmt.Fprintf(out, "</%s>\n", e.name)
		return
	}
	if len(parts) == 0 {
		fmt.Fprintf(out, "%s<%s/>\n", indent, e.name)
		return
	}
	fmt.Fprintf(out, "%s<%s>\n", indent, e.name)
	for _, part := range parts {
		q.writeXML(out, part, indent+"    ")
	}
	fmt.Fprintf(out, "%s</%s>\n", indent, e.name)
}

// flag is a value with its yes or no as the quirks write it.
func (q *Quirks) flag(value any) any {
	yes := false
	switch value := value.(type) {
	case bool:
		if q.Flags != FlagNumber {
			if q.Flags == FlagText {
				return fmt.Sprint(value)
			}
			return value
		}
		yes = value
	case number:
		yes = bool(value)
	default:
		return value
	}
	digit := 0
	if yes {
		digit = 1
	}
	if q.Flags == FlagText {
		return fmt.Sprint(digit)
	}
	return digit
}

// json is content as encoding/json takes it.
func (q *Quirks) json(content []element) map[string]any {
	object := map[string]any{}
	for _, e := range content {
		switch value := e.value.(type) {
		case list:
			object[e.name] = q.wrap(value)
		case string:
			object[e.name] = value
			if value == "" && q.Empty != EmptyText {
				object[e.name] = nil
			}
		default:
			object[e.name] = q.flag(value)
		}
	}
	return object
}

// wrap is a list in the quirks' form.
func (q *Quirks) wrap(l list) any {
	if len(l.items) == 0 {
		return map[Empty]any{EmptyList: []any{}, EmptyNull: nil, EmptyText: ""}[q.Empty]
	}
	named, bare := []any{}, []any{}
	for _, item := range l.items {
		object := q.json(item)
		bare = append(bare, object)
		named = append(named, map[string]any{l.of: object})
	}
	one := len(l.items) == 1
	switch q.Wrap {
	case WrapList:
		if one {
			return named[0]
		}
		return map[string]any{l.of: bare}
	case WrapNone:
		return bare
	case WrapObject:
		if one {
			return named[0]
		}
	case WrapBare:
		if one {
			return bare[0]
		}
		return bare
	}
	return named
}
