package ccportal

import (
	"context"
	"fmt"

	"alpemix-collector/reseller"
	"alpemix-collector/reseller/action"
)

// Vendor is the CC Simple Portal.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "purple", ReportsLimits: true,
	Short: "CC Simple Portal: access, mail addresses and packs",
	Long: `The calls of the CC Simple Portal API. CUSTOMER is the portal's number of a
customer (ParCustId). While changes of a customer are pending (dirty) the portal
refuses all others.`,
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: []action.Action{
		{
			Use: "access", Short: "A customer's access to the portal",
			Actions: []action.Action{
				{
					Use: "status CUSTOMER", Short: "Show whether a customer can log in",
					Example: "  collector reseller ccportal access status 10953",
					Read:    accessStatus,
				},
				{
					Use: "enable CUSTOMER", Short: "Let a customer log in, or set a new password",
					Long: `Lets a customer log in with a password, which may be a new one. The portal gets
only the password's MD5.`,
					Example: "  collector reseller ccportal access enable 10953 --password-file new.password",
					Secret:  &action.Secret{Noun: "password", IsNew: true, Whose: "customer %s"},
					Change:  accessEnable,
				},
				{
					Use: "disable CUSTOMER", Short: "End a customer's access",
					Example: "  collector reseller ccportal access disable 10953",
					Change:  accessDisable,
				},
			},
		},
		{
			Use: "mail", Short: "A customer's mail addresses",
			Actions: []action.Action{{
				Use: "list CUSTOMER", Short: "List a customer's mail addresses",
				Example: "  collector reseller ccportal mail list 10953",
				Read:    mailList,
			}},
		},
		{
			Use: "pack", Short: "A customer's packs",
			Actions: []action.Action{
				{
					Use: "list CUSTOMER", Short: "List a customer's packs",
					Long:    "Lists a customer's packs. dirty means that changes of the customer are pending.",
					Example: "  collector reseller ccportal pack list 10953 --format json",
					Read:    readPacks,
				},
				{
					Use: "enable CUSTOMER PACK VALUE", Short: "Give a customer a pack",
					Long:    "Gives a customer a pack: mail with the value 5 allows five mailboxes.",
					Example: "  collector reseller ccportal pack enable 10953 mail 5",
					Change:  packEnable,
				},
				{
					Use: "disable CUSTOMER PACK VALUE", Short: "Take a pack away",
					Example: "  collector reseller ccportal pack disable 10953 mail 5",
					Change:  packDisable,
				},
			},
		},
	},
}

func of(c *action.Call) *Client { return c.Client.(*Client) }

func accessStatus(ctx context.Context, c *action.Call) (*action.Listing, error) {
	s, err := of(c).AccessStatus(ctx, c.Args[0])
	return &action.Listing{
		Columns: []string{"customer", "found", "enabled", "password_changed", "dirty"},
		Rows:    [][]any{{c.Args[0], action.Known(s.Found), action.Known(s.Enabled), action.Known(s.PasswordChanged), action.Known(s.Dirty)}},
		One:     true,
	}, err
}

func accessEnable(c *action.Call) (*action.Change, error) {
	return accessChange("access/enable", c.Args[0], "can log in with the new password", func(ctx context.Context) error {
		return of(c).AccessEnable(ctx, c.Args[0], c.Secret)
	}), nil
}

func accessDisable(c *action.Call) (*action.Change, error) {
	return accessChange("access/disable", c.Args[0], "can no longer log in", func(ctx context.Context) error {
		return of(c).AccessDisable(ctx, c.Args[0])
	}), nil
}

func accessChange(name, customer, done string, send func(context.Context) error) *action.Change {
	return &action.Change{
		Name: name, Subject: customer, Look: fmt.Sprintf("collector reseller ccportal access status %s shows it", customer),
		Send: func(ctx context.Context) (action.Result, error) {
			return action.Result{Done: "customer " + customer + " " + done}, send(ctx)
		},
	}
}

func mailList(ctx context.Context, c *action.Call) (*action.Listing, error) {
	mailboxes, err := of(c).MailList(ctx, c.Args[0])
	l := &action.Listing{Columns: []string{"mail", "type", "forward"}}
	for _, m := range mailboxes {
		l.Rows = append(l.Rows, []any{m.Address, m.Type, m.Forward})
	}
	return l, err
}

func readPacks(ctx context.Context, c *action.Call) (*action.Listing, error) {
	packs, err := of(c).PackList(ctx, c.Args[0])
	l := &action.Listing{Columns: []string{"name", "value", "dirty"}}
	for _, p := range packs.Packs {
		l.Rows = append(l.Rows, []any{p.Name, p.Value, action.Known(packs.Dirty)})
	}
	return l, err
}

func packEnable(c *action.Call) (*action.Change, error) {
	return packChange("pack/enable", "has", c.Args, of(c).PackEnable), nil
}

func packDisable(c *action.Call) (*action.Change, error) {
	return packChange("pack/disable", "no longer has", c.Args, of(c).PackDisable), nil
}

func packChange(name, done string, args []string, send func(ctx context.Context, customer, pack, value string) error) *action.Change {
	customer, pack, value := args[0], args[1], args[2]
	return &action.Change{
		Name: name, Subject: customer, Asked: pack + " " + value, Look: fmt.Sprintf("collector reseller ccportal pack list %s shows it", customer),
		Send: func(ctx context.Context) (action.Result, error) {
			return action.Result{Done: fmt.Sprintf("customer %s %s pack %s %s", customer, done, pack, value)}, send(ctx, customer, pack, value)
		},
	}
}
