package remotepc

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// User is one line of the list. What the vendor does not tell, or not in a form that we know, is not valid.
type User struct {
	Username  string
	Allotted  sql.Null[float64] // computers
	Utilized  sql.Null[float64]
	Active    sql.Null[bool]
	CreatedOn sql.Null[report.Day]
	Raw       string // the line as it was sent
}

// parseUsers reads the message of a list.
func parseUsers(message json.RawMessage) ([]User, error) {
	var doc listAnswer
	if err := wire.Object(wire.Unwrapped(message), &doc); err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	users := []User{}
	_, err := wire.Each(doc.Users, func(element json.RawMessage) error {
		user, err := parseUser(element)
		users = append(users, user)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("message.resellerUsersList: %w", err)
	}
	return users, nil
}

func parseUser(element json.RawMessage) (User, error) {
	var u userAnswer
	if err := wire.Object(element, &u); err != nil {
		return User{}, err
	}
	if strings.TrimSpace(u.Username.Value) == "" {
		return User{}, fmt.Errorf("there is no username in %s", vendorhttp.Shape(element))
	}
	allotted := u.Alloted
	if !allotted.Valid {
		allotted = u.Allotted
	}
	return User{
		Username: strings.TrimSpace(u.Username.Value), Allotted: count(allotted), Utilized: count(u.Utilized),
		Active: sql.Null[bool]{V: u.Active.Value, Valid: u.Active.Valid}, CreatedOn: parseDate(u.Created.Value), Raw: string(element),
	}, nil
}

// count is a number of computers; a negative one has a meaning that we do not know.
func count(n wire.Number) sql.Null[float64] {
	if !n.Valid || n.Value < 0 {
		return sql.Null[float64]{}
	}
	return sql.Null[float64]{V: n.Value, Valid: true}
}

var date = regexp.MustCompile(`^([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})$`)

// parseDate reads MM-DD-YYYY. What is no date in this order is none: 13-01-2023 is not the thirteenth of January.
func parseDate(text string) sql.Null[report.Day] {
	m := date.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return sql.Null[report.Day]{}
	}
	month, _ := strconv.Atoi(m[1])
	day, _ := strconv.Atoi(m[2])
	year, _ := strconv.Atoi(m[3])
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || int(t.Month()) != month || t.Day() != day {
		return sql.Null[report.Day]{}
	}
	return sql.Null[report.Day]{V: report.DayOf(t), Valid: true}
}

// succeeded reads the message of a change. Status and code said SUCCESS already, so that its form does
// not matter; only the text of an error contradicts them.
func succeeded(message json.RawMessage) error {
	var said wire.Text
	if json.Unmarshal(message, &said) != nil {
		return nil
	}
	if _, isError := descriptions[strings.ToUpper(strings.TrimSpace(said.Value))]; isError {
		return contradiction
	}
	return nil
}

// parseLink reads the message of a sign-in.
func parseLink(message json.RawMessage) (secret.Value, error) {
	var doc signInAnswer
	if err := wire.Object(wire.Unwrapped(message), &doc); err != nil {
		return secret.Value{}, fmt.Errorf("message: %w", err)
	}
	link, err := url.Parse(doc.Link.Value)
	if err != nil || link.Host == "" {
		return secret.Value{}, errors.New("message.rpc_redirect_link is not an address")
	}
	return secret.New(doc.Link.Value), nil
}
