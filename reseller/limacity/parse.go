package limacity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"alpemix-collector/internal/secret"
	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// created is also filled, as far as the answer tells, beside an error: the key is told this once.
func (doc *answer) created() (Created, error) {
	var object objectAnswer
	if err := wire.Object(doc.Object, &object); err != nil {
		return Created{}, fmt.Errorf("object: %w", err)
	}
	made := Created{APIKey: secret.New(object.APIKey.Value)}
	id, ok := object.ID.Int()
	if !ok || id < 1 {
		return made, fmt.Errorf("object.id is missing in %s", vendorhttp.Shape(doc.text))
	}
	made.ID = id
	if status := strings.TrimSpace(doc.Status.Value); doc.Status.Valid && !strings.EqualFold(status, "ok") {
		return made, errors.New("expected status: ok, not another text")
	}
	return made, nil
}

func (doc *answer) customers() ([]Customer, error) {
	all := []Customer{}
	_, err := wire.Each(doc.Customers, func(element json.RawMessage) error {
		var c customerAnswer
		if err := wire.Object(element, &c); err != nil {
			return err
		}
		id, ok := c.ID.Int()
		if !ok {
			return fmt.Errorf("id is missing in %s", vendorhttp.Shape(element))
		}
		username := c.Username
		if !username.Valid {
			username = c.Name
		}
		all = append(all, Customer{id, strings.TrimSpace(username.Value)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("customers: %w", err)
	}
	return all, nil
}
