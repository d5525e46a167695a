package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"alpemix-collector/keyring"
	"alpemix-collector/reseller/limacity"
)

// store keeps the key of a customer that was made. It is told this once, so whatever goes wrong is said, with what to do.
func (m *making) store(slot *keyring.Slot, created limacity.Created, made changed) changed {
	if err := slot.Keep(created.APIKey); err != nil {
		made.told += ", the key was not stored"
		made.trouble = fmt.Errorf("THE KEY OF CUSTOMER %s IS NOT STORED: %w; %s", m.customer.Username, err, m.rescue(created))
		return made
	}
	if created.ID == 0 {
		made.trouble = fmt.Errorf("the key that was answered is stored; when the customer's id is known, rename %s to it", m.keys.Path(m.account, "@"+m.customer.Username))
		return made
	}
	id := strconv.FormatInt(created.ID, 10)
	if err := slot.Assign(id); err != nil {
		made.trouble = err
		return made
	}
	made.said += "; its API key is stored, try: collector reseller limacity usercp " + id + " domains"
	made.told += ", key stored"
	return made
}

// rescue is the last resort for a key that no disk takes: whoever sits at a terminal is shown it. Elsewhere it is let go, because
// what is printed there ends in logs and mails for ever, and a new key is made in a minute.
func (m *making) rescue(created limacity.Created) string {
	advice := fmt.Sprintf("make a new one in the customer's account, and then: collector reseller limacity keys add %d", created.ID)
	if _, ok := terminalOf(m.stdout); !ok {
		return advice
	}
	if _, err := fmt.Fprintf(m.stdout, "%s\n", created.APIKey.Reveal()); err != nil {
		return advice
	}
	return "the line above is the only copy of it: keep it in a safe place, or " + advice
}

func (a *app) limaCityKeysCommand() *cobra.Command {
	command := &cobra.Command{
		Use:     "keys",
		Short:   "List the customers whose keys are stored",
		Long:    "Lists the customers whose API keys are stored in state_dir/limacity-keys. No key is shown.",
		Example: "  collector reseller limacity keys",
	}
	format := formatFlag(command)
	command.AddCommand(limaCityKeysAdd(&limaCityDialect{a, "limacity"}))
	return group(command, func(*cobra.Command, []string) error {
		if err := format.check(); err != nil {
			return &usageError{command.CommandPath(), err}
		}
		a.brief = true
		c, err := a.load()
		if err != nil {
			return err
		}
		entries, err := keyring.New(c.StateDir).List()
		if err != nil {
			return err
		}
		l := &listing{columns: []string{"account", "customer", "stored_at"}}
		for _, e := range entries {
			l.rows = append(l.rows, []any{e.Account, e.Customer, e.StoredAt.UTC()})
		}
		return l.print(a.stdout, format)
	})
}

func limaCityKeysAdd(d *limaCityDialect) *cobra.Command {
	command := &cobra.Command{
		Use:   "add CUSTOMER",
		Short: "Store a key that was made in a customer's account",
		Long: `Stores a key that was made in a customer's account, in the place of one that is
there. CUSTOMER is the customer's id.`,
		Example: "  collector reseller limacity keys add 386557",
		Args:    cobra.ExactArgs(1),
	}
	key := newSecretFlags(command, "key", false)
	return d.serves(command, func(ctx context.Context, e *errand[*limacity.Client], args []string) error {
		if err := e.refuseOtherDemo(e.config); err != nil {
			return err
		}
		if err := e.refuseOthers(e.config.StateDir); err != nil {
			return err
		}
		typed, err := ask(ctx, e, key, "customer "+args[0])
		if err != nil {
			return err
		}
		replaced, err := keyring.New(e.config.StateDir).Put(e.account, args[0], typed)
		if err != nil {
			return err
		}
		how := ""
		if replaced {
			how = ", in the place of the one before"
		}
		_, err = fmt.Fprintf(e.stdout, "done: the key of customer %s is stored%s\n", args[0], how)
		return err
	})
}
