package serwersms

import (
	"context"
	"fmt"
	"strconv"

	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/action"
)

// Vendor is SerwerSMS.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "green",
	Short:  "SerwerSMS: list, view, add, limit and delete subaccounts",
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: []action.Action{{
		Use: "subaccounts", Short: "Subaccounts of the main account",
		Actions: []action.Action{
			{
				Use: "index", Short: "List the subaccounts",
				Example: "  collector reseller serwersms subaccounts index",
				Read:    index,
			},
			{
				Use: "view ID", Short: "Show a subaccount's details",
				Example: "  collector reseller serwersms subaccounts view 1194",
				Read:    view,
			},
			{
				Use: "add USERNAME", Short: "Add a subaccount",
				Long: `Adds a subaccount with the rights and settings of another one, the template.
Its user name and password have 3 to 20 characters; the user name may hold the
letters a to z in both cases, digits and , _ @ .`,
				Example: "  collector reseller serwersms subaccounts add bakkal --template 1194 --name 'Bakkal Demir' --email info@bakkal.example",
				Flags: []action.Flag{
					{Name: "template", Default: int64(0), Usage: "id of the subaccount whose rights and settings are copied", Required: true},
					{Name: "name", Default: "", Usage: "what the subaccount is called"},
					{Name: "phone", Default: "", Usage: "its phone number"},
					{Name: "email", Default: "", Usage: "its mail address"},
				},
				Secret: &action.Secret{Noun: "password", IsNew: true, Whose: "subaccount %s"},
				Change: add,
			},
			{
				Use: "limit ID TYPE COUNT", Short: "Limit the messages of a subaccount",
				Long: `Allows a subaccount a number of messages of one type: eco, full, voice, mms or
hlr. No call returns limits, so the view allotments shows only what is set here.`,
				Example: "  collector reseller serwersms subaccounts limit 1485 eco 100",
				Change:  limit,
			},
			{
				Use: "delete ID", Short: "Delete a subaccount",
				Example: "  collector reseller serwersms subaccounts delete 1485",
				Change:  remove,
			},
		},
	}},
}

const look = "collector reseller serwersms subaccounts index shows it"

func of(c *action.Call) *Client { return c.Client.(*Client) }

// idOf reads the vendor's number of a subaccount.
func idOf(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, action.Misusef("ID %q is not a subaccount's number; collector reseller serwersms subaccounts index shows them", text)
	}
	return id, nil
}

func index(ctx context.Context, c *action.Call) (*action.Listing, error) {
	subaccounts, err := of(c).Index(ctx)
	l := &action.Listing{Columns: []string{"id", "username"}}
	for _, s := range subaccounts {
		l.Rows = append(l.Rows, []any{s.ID, s.Username})
	}
	return l, err
}

func view(ctx context.Context, c *action.Call) (*action.Listing, error) {
	id, err := idOf(c.Args[0])
	if err != nil {
		return nil, err
	}
	s, err := of(c).View(ctx, id)
	return &action.Listing{
		Columns: []string{"id", "username", "name", "phone", "email"},
		Rows:    [][]any{{s.ID, s.Username, s.Name, s.Phone, s.Email}},
		One:     true,
	}, err
}

func add(c *action.Call) (*action.Change, error) {
	text := func(flag string) string { return c.Flags[flag].(string) }
	s := NewSubaccount{
		Username: c.Args[0], Password: c.Secret, Template: c.Flags["template"].(int64), Name: text("name"), Phone: text("phone"), Email: text("email"),
	}
	return &action.Change{
		Name: "subaccounts/add", Subject: s.Username, Asked: fmt.Sprintf("template %d", s.Template), Look: look,
		Send: func(ctx context.Context) (action.Result, error) {
			id, err := of(c).Add(ctx, s)
			return action.Result{Done: fmt.Sprintf("added subaccount %s (id %d)", s.Username, id), Detail: fmt.Sprintf("id %d", id)}, err
		},
	}, nil
}

func limit(c *action.Call) (*action.Change, error) {
	id, err := idOf(c.Args[0])
	if err != nil {
		return nil, err
	}
	count, err := strconv.ParseUint(c.Args[2], 10, 31)
	if err != nil {
		return nil, action.Misusef("COUNT %q is not a number of messages", c.Args[2])
	}
	l := Limit{ID: id, Type: Type(c.Args[1]), Value: int(count)}
	return &action.Change{
		Name: "subaccounts/limit", Subject: fmt.Sprint(id), Asked: fmt.Sprintf("%s %d", l.Type, count),
		Look: "no call returns limits: see the customer panel, or set the limit again, which is harmless",
		Send: func(ctx context.Context) (action.Result, error) {
			return action.Result{
				Done:       fmt.Sprintf("subaccount %d may send %d messages of type %s", id, count, l.Type),
				Allotments: []report.Allotment{l.Allotment(c.Account)},
			}, of(c).Limit(ctx, l)
		},
	}, nil
}

func remove(c *action.Call) (*action.Change, error) {
	id, err := idOf(c.Args[0])
	return &action.Change{
		Name: "subaccounts/delete", Subject: fmt.Sprint(id), Look: look,
		Send: func(ctx context.Context) (action.Result, error) {
			return action.Result{Done: fmt.Sprintf("deleted subaccount %d", id), Ended: fmt.Sprint(id)}, of(c).Delete(ctx, id)
		},
	}, err
}
