package limacity

import (
	"context"
	"fmt"
	"strconv"

	"alpemix-collector/keyring"
	"alpemix-collector/reseller/action"
)

// store keeps the key of a customer that was made. It is told this once, so whatever goes wrong is said, with what to do.
func (m *making) store(slot *keyring.Slot, created Created, made action.Result) action.Result {
	if err := slot.Keep(created.APIKey); err != nil {
		made.Detail += ", the key was not stored"
		made.Trouble = fmt.Errorf("THE KEY OF CUSTOMER %s IS NOT STORED: %w; %s", m.customer.Username, err, m.rescue(created))
		return made
	}
	if created.ID == 0 {
		made.Trouble = fmt.Errorf("the key in the answer is stored; when you know the customer's id, rename %s to it", m.keys.Path(m.Account, "@"+m.customer.Username))
		return made
	}
	id := strconv.FormatInt(created.ID, 10)
	if err := slot.Assign(id); err != nil {
		made.Trouble = err
		return made
	}
	made.Done += "; its API key is stored in state_dir/limacity-keys; try: collector reseller limacity usercp " + id + " domains"
	made.Detail += ", key stored"
	return made
}

// rescue is the last resort for a key that no disk takes: whoever sits at a terminal is shown it. Elsewhere it is let go, because
// what is printed there ends in logs and mails for ever, and a new key is made in a minute.
func (m *making) rescue(created Created) string {
	advice := fmt.Sprintf("create a new one in the customer's account, then run collector reseller limacity keys add %d", created.ID)
	if m.Show(created.APIKey) {
		return "the line above is its only copy: keep it in a safe place, or " + advice
	}
	return advice
}

func keys(_ context.Context, c *action.Call) (*action.Listing, error) {
	entries, err := keyring.New(c.StateDir).List()
	l := &action.Listing{Columns: []string{"account", "customer", "stored_at"}}
	for _, e := range entries {
		l.Rows = append(l.Rows, []any{e.Account, e.Customer, e.StoredAt.UTC()})
	}
	return l, err
}

func addKey(_ context.Context, c *action.Call) (string, error) {
	replaced, err := keyring.New(c.StateDir).Put(c.Account, c.Args[0], c.Secret)
	if err != nil {
		return "", err
	}
	how := ""
	if replaced {
		how = "; it replaces the previous one"
	}
	return fmt.Sprintf("done: stored the key of customer %s%s\n", c.Args[0], how), nil
}

// renamed moves the keys of accounts that have got another name, which accounts maps from the one before.
func renamed(stateDir string, accounts map[string]string) error {
	return keyring.New(stateDir).Rename(accounts)
}
