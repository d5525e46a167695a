package limacity

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"alpemix-collector/keyring"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/action"
)

// Vendor is lima-city.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "yellow",
	Short: "lima-city: create and list customers, and make calls with their own keys",
	Long: `The calls of lima-city's reseller API. A customer that is created here gets an
API key with all rights to its account. The vendor returns the key only once; it
is kept in state_dir/limacity-keys.`,
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: []action.Action{
		{
			Use: "customer", Short: "Customers of the reseller account",
			Actions: []action.Action{
				{
					Use: "create USERNAME EMAIL", Short: "Create a customer and store its API key",
					Long: `Creates a customer and, unless --no-key is given, an API key with all rights to
the customer's account. The vendor returns the key only once: it is stored in
state_dir/limacity-keys before the command reports success.

The view allotments records what the customer gets: no call returns it.`,
					Example: "  collector reseller limacity customer create demouser1337 info@bakkal.example --disk-gb 10 --mysql-gb 1 --mail 100",
					Flags: []action.Flag{
						{Name: "disk-gb", Default: uint32(0), Usage: "disk space in GB", Required: true},
						{Name: "mysql-gb", Default: uint32(0), Usage: "space for MySQL in GB", Required: true},
						{Name: "mail", Default: uint32(0), Usage: "number of mail addresses", Required: true},
						{Name: "no-key", Default: false, Usage: "create no API key; the customer's account then can't be called from here"},
					},
					Change: create,
				},
				{
					Use: "list", Short: "List the customers, where the server can",
					Long: `Lists the customers. The vendor does not document this call; a server that does
not have it says so.`,
					Example: "  collector reseller limacity customer list",
					Read:    list,
				},
			},
		},
		{
			Use: "usercp CUSTOMER PATH", Short: "Read something of a customer's account with its own key",
			Long: `Reads something of a customer's account with the customer's own key. CUSTOMER is
as collector reseller limacity keys lists it, PATH is what follows /usercp/ in
the vendor's API, with a query string if it needs one. Prints the answer's JSON
with keys and passwords hidden.`,
			Example: `  collector reseller limacity usercp 386557 domains
  collector reseller limacity usercp 386557 'domains?page=2'`,
			Print: usercp,
		},
		{
			Use: "keys", Short: "List the customers whose keys are stored",
			Long:    "Lists the customers whose API keys are stored in state_dir/limacity-keys. No key is shown.",
			Example: "  collector reseller limacity keys",
			Local:   true, Read: keys,
			Actions: []action.Action{{
				Use: "add CUSTOMER", Short: "Store a key that was created in a customer's account",
				Long: `Stores a key that was created in a customer's account. It replaces the stored
one, if any. CUSTOMER is the customer's id.`,
				Example: "  collector reseller limacity keys add 386557",
				Secret:  &action.Secret{Noun: "key", Whose: "customer %s"},
				Local:   true, Print: addKey,
			}},
		},
	},
	Renamed: renamed,
}

func of(c *action.Call) *Client { return c.Client.(*Client) }

func create(c *action.Call) (*action.Change, error) {
	amount := func(flag string) int { return int(c.Flags[flag].(uint32)) }
	m := &making{Call: c, keys: keyring.New(c.StateDir), customer: NewCustomer{
		Username: c.Args[0], Email: c.Args[1],
		DiskSpaceGB: amount("disk-gb"), MySQLSpaceGB: amount("mysql-gb"), MailLimit: amount("mail"), FurnishAPIKey: !c.Flags["no-key"].(bool),
	}}
	send := m.send
	if c.DryRun || !m.customer.FurnishAPIKey {
		send = func(ctx context.Context) (action.Result, error) { return m.call(ctx, nil) }
	}
	return &action.Change{
		Name: "customers/create", Subject: m.customer.Username,
		Asked: fmt.Sprintf("disk_gb %d, mysql_gb %d, mail %d", m.customer.DiskSpaceGB, m.customer.MySQLSpaceGB, m.customer.MailLimit),
		Look:  "collector reseller limacity customer list or the reseller's pages show it; its key is lost then: create another one in the customer's account",
		Send:  send,
	}, nil
}

// making is a customer on its way.
type making struct {
	*action.Call
	keys     *keyring.Keyring
	customer NewCustomer
}

// send makes the customer when there is room for its key on the disk.
func (m *making) send(ctx context.Context) (made action.Result, err error) {
	slot, err := m.keys.Reserve(m.Account, m.customer.Username)
	if err != nil {
		return made, report.Fail(report.Local, "state", "%w", err)
	}
	defer func() { made.Trouble = errors.Join(made.Trouble, slot.Close()) }()
	return m.call(ctx, slot)
}

func (m *making) call(ctx context.Context, slot *keyring.Slot) (made action.Result, err error) {
	created, err := of(m.Call).CreateCustomer(ctx, m.customer)
	id := strconv.FormatInt(created.ID, 10)
	if created.ID != 0 {
		made.Done = fmt.Sprintf("created customer %s (id %s)", m.customer.Username, id)
		made.Detail = "id " + id
		made.Allotments = m.customer.Allotments(m.Account, created.ID)
	}
	if report.AsFailure(err).Reason == "no_api_key" { // that is all that is wrong
		made.Trouble = fmt.Errorf("%w; store it with collector reseller limacity keys add %s", err, id)
		made.Detail += ", no key came"
		return made, nil
	}
	if slot == nil || created.APIKey.Empty() {
		return made, err
	}
	return m.store(slot, created, made), err
}

func list(ctx context.Context, c *action.Call) (*action.Listing, error) {
	customers, err := of(c).Customers(ctx)
	l := &action.Listing{Columns: []string{"id", "username"}}
	for _, customer := range customers {
		l.Rows = append(l.Rows, []any{customer.ID, customer.Username})
	}
	return l, err
}

func usercp(ctx context.Context, c *action.Call) (string, error) {
	key, err := keyring.New(c.StateDir).Key(c.Account, c.Args[0])
	if errors.Is(err, keyring.ErrNoKey) {
		return "", fmt.Errorf("%w: create one in the customer's account and store it with collector reseller limacity keys add %s", err, c.Args[0])
	}
	if err != nil {
		return "", err
	}
	doc, err := of(c).Usercp(ctx, key, c.Args[1])
	if err != nil {
		return "", err
	}
	text, err := action.Indented(doc)
	return string(text), err
}
