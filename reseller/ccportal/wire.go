package ccportal

import (
	"alpemix-collector/vendorhttp"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	"alpemix-collector/reseller/wire"
)

// answer is every answer, in both formats. The document shows JSON for mail/list alone, where it looks converted from XML.
type answer struct {
	XMLName         xml.Name        `xml:"response" json:"-"`
	Customer        wire.Text       `xml:"ParCustId" json:"ParCustId"`
	Found           wire.Flag       `xml:"found" json:"found"`
	Enabled         wire.Flag       `xml:"enabled" json:"enabled"`
	PasswordChanged wire.Flag       `xml:"pwdchanged" json:"pwdchanged"`
	Dirty           wire.Flag       `xml:"dirty" json:"dirty"`
	Accounts        accountList     `xml:"accounts" json:"accounts"`
	Packs           packList        `xml:"packs" json:"packs"`
	Response        json.RawMessage `xml:"-" json:"response"` // the root of XML, where a converter kept it
}

// accountList and packList have a name once they were given, in either format: an absent list is not an empty one.
type (
	accountList struct {
		XMLName  xml.Name        `xml:"accounts"`
		Accounts []accountAnswer `xml:",any"`
		Text     string          `xml:",chardata"`
	}
	accountAnswer struct {
		Mail    wire.Text `xml:"mail" json:"mail"`
		Type    wire.Text `xml:"type" json:"type"`
		Forward wire.Text `xml:"forward" json:"forward"`
	}
	packList struct {
		XMLName xml.Name     `xml:"packs"`
		Packs   []packAnswer `xml:",any"`
		Text    string       `xml:",chardata"`
	}
	packAnswer struct {
		Name  wire.Text `xml:"name" json:"name"`
		Value wire.Text `xml:"value" json:"value"`
		Raw   string    `xml:",innerxml" json:"-"`
	}
)

// UnmarshalJSON reads every shape of a list.
func (l *accountList) UnmarshalJSON(raw []byte) error {
	l.XMLName.Local = "accounts"
	return items(raw, "account", func(element json.RawMessage) error {
		var a accountAnswer
		err := wire.Object(element, &a)
		l.Accounts = append(l.Accounts, a)
		return err
	})
}

// UnmarshalJSON reads every shape of a list.
func (l *packList) UnmarshalJSON(raw []byte) error {
	l.XMLName.Local = "packs"
	return items(raw, "pack", func(element json.RawMessage) error {
		p := packAnswer{Raw: string(element)}
		err := wire.Object(element, &p)
		l.Packs = append(l.Packs, p)
		return err
	})
}

// items hands over what a list in JSON holds: a list of {"pack": {…}} or of the packs themselves, {"pack": {…}} or {"pack": […]}
// alone, one pack alone, and for none null, an empty text or an empty object.
func items(raw json.RawMessage, name string, use func(json.RawMessage) error) error {
	if raw = bytes.TrimSpace(raw); nothing(raw) {
		return nil
	}
	if raw[0] != '[' {
		return item(raw, name, use)
	}
	_, err := wire.Each(raw, func(element json.RawMessage) error { return item(element, name, use) })
	return err
}

// item hands over one element, or what its wrapping holds.
func item(raw json.RawMessage, name string, use func(json.RawMessage) error) error {
	if len(raw) == 0 || raw[0] != '{' {
		return fmt.Errorf("expected an object, not %s", vendorhttp.Shape(raw))
	}
	var members map[string]json.RawMessage
	if err := wire.Object(raw, &members); err != nil {
		return err
	}
	for key, inner := range members {
		if len(members) > 1 || !strings.EqualFold(key, name) {
			break
		}
		switch {
		case nothing(inner):
			return nil
		case inner[0] == '[':
			_, err := wire.Each(inner, use)
			return err
		}
		return use(inner)
	}
	return use(raw)
}

// nothing tells an empty list in the words of a converter.
func nothing(raw json.RawMessage) bool {
	var text string
	if raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text) == ""
	}
	return string(raw) == "null" || raw[0] == '{' && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0
}
