package ccportal

import (
	"database/sql"
	"errors"
	"strings"

	"alpemix-collector/reseller/wire"
)

// Access is a customer's access to the portal. What the portal does not tell is not valid.
type Access struct {
	Found           sql.Null[bool] // whether the portal knows the customer
	Enabled         sql.Null[bool]
	PasswordChanged sql.Null[bool] // whether the customer has changed the password that was set
	Dirty           sql.Null[bool] // whether changes are pending; until they are through all others are refused
}

// Mailbox is one mail address.
type Mailbox struct {
	Address string
	Type    string // TYPE_PRIMARY, TYPE_PRIMARY_FORWARD, TYPE_ADDITIONAL, or another: the document's list of them is lost
	Forward string
}

// Packs are all packs of a customer.
type Packs struct {
	Dirty sql.Null[bool] // see Access
	Packs []Pack
}

// Pack is something that a customer may use.
type Pack struct {
	Name  string
	Value string
	Raw   string // as it was sent
}

func (d *document) access() (Access, error) {
	if !d.Found.Valid && !d.Enabled.Valid {
		return Access{}, errors.New("found and enabled are missing")
	}
	return Access{flag(d.Found), flag(d.Enabled), flag(d.PasswordChanged), flag(d.Dirty)}, nil
}

func flag(f wire.Flag) sql.Null[bool] { return sql.Null[bool]{V: f.Value, Valid: f.Valid} }

func (d *document) mailboxes() ([]Mailbox, error) {
	list := d.Accounts
	if list.XMLName.Local == "" || strings.TrimSpace(list.Text) != "" {
		return nil, errors.New("the list of accounts is missing")
	}
	all := []Mailbox{}
	for _, a := range list.Accounts {
		box := Mailbox{strings.TrimSpace(a.Mail.Value), strings.TrimSpace(a.Type.Value), strings.TrimSpace(a.Forward.Value)}
		if box.Address == "" {
			return nil, errors.New("an account has no mail")
		}
		all = append(all, box)
	}
	return all, nil
}

func (d *document) packs() (Packs, error) {
	list := d.answer.Packs
	if list.XMLName.Local == "" || strings.TrimSpace(list.Text) != "" {
		return Packs{}, errors.New("the list of packs is missing")
	}
	all := Packs{Dirty: flag(d.Dirty)}
	for _, p := range list.Packs {
		name := strings.TrimSpace(p.Name.Value)
		if name == "" {
			return Packs{}, errors.New("a pack has no name")
		}
		all.Packs = append(all.Packs, Pack{name, strings.TrimSpace(p.Value.Value), d.raw(p)})
	}
	return all, nil
}
