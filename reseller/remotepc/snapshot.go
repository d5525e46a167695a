package remotepc

import (
	"context"
	"fmt"

	"alpemix-collector/report"
)

// Snapshot tells the computers of every user. Beside an error only its requests are of use.
func (c *Client) Snapshot(ctx context.Context, _ []string) (report.Snapshot, error) {
	s := report.Snapshot{Vendor: vendor.Name, Account: c.name}
	recording := *c
	recording.http = c.http.Recording(&s.Requests)
	users, at, err := recording.list(ctx)
	if err != nil {
		return s, err
	}
	s.At = at
	for _, u := range distinct(users) {
		s.Odd = append(s.Odd, u.Odd...)
		s.Allotments = append(s.Allotments, report.Allotment{
			Vendor: vendor.Name, Account: c.name, Customer: u.Username, Resource: "computers",
			Allotted: u.Allotted, Utilized: u.Utilized, Active: u.Active, CreatedOn: u.CreatedOn, Raw: u.Raw,
		})
	}
	return s, nil
}

// distinct has each user once: of two lines the active one, else the later.
func distinct(users []User) []User {
	at := map[string]int{}
	var once []User
	for _, u := range users {
		i, twice := at[u.Username]
		switch {
		case !twice:
			at[u.Username] = len(once)
			once = append(once, u)
		case u.Active.V || !once[i].Active.V:
			once[i] = u
		}
	}
	return once
}

// Check implements reseller.Client.
func (c *Client) Check(ctx context.Context) (string, error) {
	users, err := c.List(ctx)
	return fmt.Sprintf("user/list returned %d users", len(users)), err
}
