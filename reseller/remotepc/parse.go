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
	Raw       string   // the line as it was sent
	Odd       []string // what could not be read, each with the user
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
		return User{}, fmt.Errorf("username is missing in %s", vendorhttp.Shape(element))
	}
	r := userReader{User: User{Username: strings.TrimSpace(u.Username.Value), Raw: string(element)}}
	if r.Allotted = r.count("alloted_computers", u.Alloted); !r.Allotted.Valid {
		r.Allotted = r.count("allotted_computers", u.Allotted)
	}
	r.Utilized = r.count("utilized_computers", u.Utilized)
	active := wire.ParseFlag(u.Active.Value)
	r.Active = sql.Null[bool]{V: active.Value, Valid: r.known("isActive", u.Active, active.Valid, "neither true nor false")}
	r.CreatedOn = parseDate(u.Created.Value)
	r.known("created_date", u.Created, r.CreatedOn.Valid, "no date of the form MM-DD-YYYY")
	return r.User, nil
}

// userReader notes what it cannot read.
type userReader struct{ User }

// count is a number of computers; a negative one has a meaning that we do not know.
func (r *userReader) count(key string, text wire.Text) sql.Null[float64] {
	n := wire.ParseNumber(text.Value)
	if !r.known(key, text, n.Valid && n.Value >= 0, "no number of computers") {
		return sql.Null[float64]{}
	}
	return sql.Null[float64]{V: n.Value, Valid: true}
}

// known passes on whether a value is one. A value that is there and none is odd.
func (r *userReader) known(key string, text wire.Text, valid bool, why string) bool {
	if !valid && strings.TrimSpace(text.Value) != "" {
		r.Odd = append(r.Odd, fmt.Sprintf("user %s has %s %.40q, which is %s", r.Username, key, text.Value, why))
	}
	return valid
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
