package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"alpemix-collector/keyring"
	"alpemix-collector/report"
	"alpemix-collector/reseller/limacity"
)

type limaCityDialect = dialect[*limacity.Client]

func (a *app) limaCityCommand() *cobra.Command {
	d := &limaCityDialect{a, "limacity"}
	customer := &cobra.Command{Use: "customer", Short: "Customers of the reseller account"}
	customer.AddCommand(limaCityCreate(d), limaCityList(d))
	command := &cobra.Command{
		Use:   "limacity",
		Short: "lima-city: create and list customers, and make calls with their own keys",
		Long: `The calls of lima-city's reseller API. A customer that is made here gets an API
key with all rights to its account. It is told once, and kept in
state_dir/limacity-keys.`,
	}
	command.AddCommand(group(customer, nil), limaCityUsercp(d), a.limaCityKeysCommand())
	return group(command, nil)
}

func limaCityCreate(d *limaCityDialect) *cobra.Command {
	var disk, mysql, mail uint32
	var keyless bool
	command := &cobra.Command{
		Use:   "create USERNAME EMAIL",
		Short: "Make a customer, and keep its API key",
		Long: `Makes a customer and, unless --no-key is given, an API key with all rights to the
customer's account. The vendor tells the key once: it is on disk, in
state_dir/limacity-keys, before anything is said of success.

What the customer gets is recorded in the view allotments: no call reads it back.`,
		Example: "  collector reseller limacity customer create demouser1337 info@bakkal.example --disk-gb 10 --mysql-gb 1 --mail 100",
		Args:    cobra.ExactArgs(2),
	}
	flags := command.Flags()
	flags.Uint32Var(&disk, "disk-gb", 0, "disk space in GB")
	flags.Uint32Var(&mysql, "mysql-gb", 0, "space for MySQL in GB")
	flags.Uint32Var(&mail, "mail", 0, "number of mail addresses")
	flags.BoolVar(&keyless, "no-key", false, "make no API key: the customer's account can then not be called from here")
	for _, name := range []string{"disk-gb", "mysql-gb", "mail"} {
		_ = command.MarkFlagRequired(name) // it is there
	}
	return d.changes(command, func(_ context.Context, e *errand[*limacity.Client], args []string) (*change, error) {
		n := limacity.NewCustomer{
			Username: args[0], Email: args[1], DiskSpaceGB: int(disk), MySQLSpaceGB: int(mysql), MailLimit: int(mail), FurnishAPIKey: !keyless,
		}
		m := &making{app: e.app, client: e.client, keys: keyring.New(e.config.StateDir), account: e.account, customer: n}
		send := m.send
		if e.dryRun || keyless {
			send = func(ctx context.Context) (changed, error) { return m.call(ctx, nil) }
		}
		return &change{
			action: "customers/create", subject: n.Username, asked: fmt.Sprintf("disk_gb %d, mysql_gb %d, mail %d", disk, mysql, mail),
			look: "collector reseller limacity customer list or the reseller's pages show it; a key that was made is lost then, make another one in the customer's account",
			send: send,
		}, nil
	})
}

func limaCityList(d *limaCityDialect) *cobra.Command {
	return d.reads(&cobra.Command{
		Use:   "list",
		Short: "List the customers, where the server can",
		Long: `Lists the customers. The vendor does not document this call; a server that does
not have it says so.`,
		Example: "  collector reseller limacity customer list",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, client *limacity.Client, _ []string) (*listing, error) {
		customers, err := client.Customers(ctx)
		l := &listing{columns: []string{"id", "username"}}
		for _, c := range customers {
			l.rows = append(l.rows, []any{c.ID, c.Username})
		}
		return l, err
	})
}

func limaCityUsercp(d *limaCityDialect) *cobra.Command {
	return d.asks(&cobra.Command{
		Use:   "usercp CUSTOMER PATH",
		Short: "Read something of a customer's account with its own key",
		Long: `Reads something of a customer's account with the customer's own key. CUSTOMER is
as collector reseller limacity keys lists it, PATH is what follows /usercp/ in
the vendor's API, with a query string if it needs one. Prints the answer's JSON; keys and passwords in it are hidden.`,
		Example: `  collector reseller limacity usercp 386557 domains
  collector reseller limacity usercp 386557 'domains?page=2'`,
		Args: cobra.ExactArgs(2),
	}, func(ctx context.Context, e *errand[*limacity.Client], args []string) error {
		key, err := keyring.New(e.config.StateDir).Key(e.account, args[0])
		if errors.Is(err, keyring.ErrNoKey) {
			return fmt.Errorf("%w: make one in the customer's account and store it with collector reseller limacity keys add %s", err, args[0])
		}
		if err != nil {
			return err
		}
		doc, err := e.client.Usercp(ctx, key, args[1])
		if err != nil {
			return err
		}
		text, err := indented(doc)
		if err == nil {
			_, err = e.stdout.Write(text)
		}
		return err
	})
}

// making is a customer on its way.
type making struct {
	*app
	client   *limacity.Client
	keys     *keyring.Keyring
	account  string
	customer limacity.NewCustomer
}

// send makes the customer when there is room for its key on the disk.
func (m *making) send(ctx context.Context) (made changed, err error) {
	slot, err := m.keys.Reserve(m.account, m.customer.Username)
	if err != nil {
		return made, report.Fail(report.Local, "state", "%w", err)
	}
	defer func() { made.trouble = errors.Join(made.trouble, slot.Close()) }()
	return m.call(ctx, slot)
}

func (m *making) call(ctx context.Context, slot *keyring.Slot) (made changed, err error) {
	created, err := m.client.CreateCustomer(ctx, m.customer)
	id := strconv.FormatInt(created.ID, 10)
	if created.ID != 0 {
		made.said = fmt.Sprintf("created customer %s (id %s)", m.customer.Username, id)
		made.told = "id " + id
		made.effect.Allotments = m.customer.Allotments(m.account, created.ID)
	}
	if report.AsFailure(err).Reason == "no_api_key" { // that is all that is wrong
		made.trouble = fmt.Errorf("%w; store it with collector reseller limacity keys add %s", err, id)
		made.told += ", no key came"
		return made, nil
	}
	if slot == nil || created.APIKey.Empty() {
		return made, err
	}
	return m.store(slot, created, made), err
}
