package serwersms

import (
	"alpemix-collector/vendorhttp"
	"encoding/json"
	"fmt"
	"strings"

	"alpemix-collector/reseller/wire"
)

// Subaccount is one line of the list.
type Subaccount struct {
	ID       int64  `json:"id"`
	Username string `json:"username"`
}

// Details are what is known of a subaccount; all but the username may be empty.
type Details struct {
	Subaccount
	Name  string
	Phone string
	Email string
}

func (doc *answer) subaccounts() ([]Subaccount, error) {
	all := []Subaccount{}
	_, err := wire.Each(doc.Items, func(element json.RawMessage) error {
		var item itemAnswer
		if err := wire.Object(element, &item); err != nil {
			return err
		}
		id, ok := item.ID.Int()
		username := strings.TrimSpace(item.Username.Value)
		if !ok || username == "" {
			return fmt.Errorf("id or username is missing in %s", vendorhttp.Shape(element))
		}
		all = append(all, Subaccount{id, username})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("items: %w", err)
	}
	return all, nil
}

func (doc *answer) details(id int64) (Details, error) {
	username := strings.TrimSpace(doc.Username.Value)
	if username == "" {
		return Details{}, fmt.Errorf("username is missing in %s", vendorhttp.Shape(doc.text))
	}
	return Details{Subaccount{id, username}, doc.Name.Value, doc.Phone.Value, doc.Email.Value}, doc.isOf(id)
}

// newID is the id of a subaccount that was made.
func (doc *answer) newID() (int64, error) {
	id, ok := doc.ID.Int()
	if !ok || id < 1 {
		return 0, fmt.Errorf("id is missing in %s", vendorhttp.Shape(doc.text))
	}
	return id, nil
}

// isOf refuses an answer about another subaccount.
func (doc *answer) isOf(id int64) error {
	if told, ok := doc.ID.Int(); doc.ID.Valid && (!ok || told != id) {
		return fmt.Errorf("it is about subaccount %g", doc.ID.Value)
	}
	return nil
}
