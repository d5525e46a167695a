package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"alpemix-collector/reseller/ccportal"
)

type ccPortalDialect = dialect[*ccportal.Client]

func (a *app) ccPortalCommand() *cobra.Command {
	d := &ccPortalDialect{a, "ccportal"}
	access := &cobra.Command{Use: "access", Short: "A customer's access to the portal"}
	access.AddCommand(ccPortalStatus(d), ccPortalEnable(d), ccPortalDisable(d))
	mail := &cobra.Command{Use: "mail", Short: "A customer's mail addresses"}
	mail.AddCommand(ccPortalMailList(d))
	pack := &cobra.Command{Use: "pack", Short: "A customer's packs"}
	pack.AddCommand(ccPortalPackList(d), ccPortalPackEnable(d), ccPortalPackDisable(d))
	command := &cobra.Command{
		Use:   "ccportal",
		Short: "CC Simple Portal: access, mail addresses and packs",
		Long: `The calls of the CC Simple Portal API. CUSTOMER is the portal's number of a
customer (ParCustId). While changes of a customer are pending (dirty) the portal
refuses all others.`,
	}
	command.AddCommand(group(access, nil), group(mail, nil), group(pack, nil))
	return group(command, nil)
}

const (
	accessLook = "collector reseller ccportal access status %s shows it"
	packLook   = "collector reseller ccportal pack list %s shows it"
)

func ccPortalStatus(d *ccPortalDialect) *cobra.Command {
	return d.reads(&cobra.Command{
		Use:     "status CUSTOMER",
		Short:   "Tell whether a customer can log in",
		Example: "  collector reseller ccportal access status 10953",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, client *ccportal.Client, args []string) (*listing, error) {
		s, err := client.AccessStatus(ctx, args[0])
		return &listing{
			columns: []string{"customer", "found", "enabled", "password_changed", "dirty"},
			rows:    [][]any{{args[0], known(s.Found), known(s.Enabled), known(s.PasswordChanged), known(s.Dirty)}},
			one:     true,
		}, err
	})
}

func ccPortalEnable(d *ccPortalDialect) *cobra.Command {
	command := &cobra.Command{
		Use:   "enable CUSTOMER",
		Short: "Let a customer log in, or set a new password",
		Long: `Lets a customer log in with a password, also a new one. The portal takes the
password's MD5, which is made here.`,
		Example: "  collector reseller ccportal access enable 10953 --password-file new.password",
		Args:    cobra.ExactArgs(1),
	}
	password := newSecretFlags(command, "password", true)
	return d.changes(command, func(ctx context.Context, e *errand[*ccportal.Client], args []string) (*change, error) {
		customer := args[0]
		typed, err := ask(ctx, e, password, "customer "+customer)
		return &change{
			action: "access/enable", subject: customer, look: fmt.Sprintf(accessLook, customer),
			send: func(ctx context.Context) (changed, error) {
				return changed{said: "customer " + customer + " can log in with the new password"}, e.client.AccessEnable(ctx, customer, typed)
			},
		}, err
	})
}

func ccPortalDisable(d *ccPortalDialect) *cobra.Command {
	return d.changes(&cobra.Command{
		Use:     "disable CUSTOMER",
		Short:   "End a customer's access",
		Example: "  collector reseller ccportal access disable 10953",
		Args:    cobra.ExactArgs(1),
	}, func(_ context.Context, e *errand[*ccportal.Client], args []string) (*change, error) {
		customer := args[0]
		return &change{
			action: "access/disable", subject: customer, look: fmt.Sprintf(accessLook, customer),
			send: func(ctx context.Context) (changed, error) {
				return changed{said: "customer " + customer + " can no longer log in"}, e.client.AccessDisable(ctx, customer)
			},
		}, nil
	})
}

func ccPortalMailList(d *ccPortalDialect) *cobra.Command {
	return d.reads(&cobra.Command{
		Use:     "list CUSTOMER",
		Short:   "List a customer's mail addresses",
		Example: "  collector reseller ccportal mail list 10953",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, client *ccportal.Client, args []string) (*listing, error) {
		mailboxes, err := client.MailList(ctx, args[0])
		l := &listing{columns: []string{"mail", "type", "forward"}}
		for _, m := range mailboxes {
			l.rows = append(l.rows, []any{m.Address, m.Type, m.Forward})
		}
		return l, err
	})
}

func ccPortalPackList(d *ccPortalDialect) *cobra.Command {
	return d.reads(&cobra.Command{
		Use:     "list CUSTOMER",
		Short:   "List a customer's packs",
		Long:    "Lists a customer's packs. dirty says that changes of the customer are pending.",
		Example: "  collector reseller ccportal pack list 10953 --format json",
		Args:    cobra.ExactArgs(1),
	}, func(ctx context.Context, client *ccportal.Client, args []string) (*listing, error) {
		packs, err := client.PackList(ctx, args[0])
		l := &listing{columns: []string{"name", "value", "dirty"}}
		for _, p := range packs.Packs {
			l.rows = append(l.rows, []any{p.Name, p.Value, known(packs.Dirty)})
		}
		return l, err
	})
}

func ccPortalPackEnable(d *ccPortalDialect) *cobra.Command {
	return d.changes(&cobra.Command{
		Use:     "enable CUSTOMER PACK VALUE",
		Short:   "Give a customer a pack",
		Long:    "Gives a customer a pack: mail with the value 5 allows five mailboxes.",
		Example: "  collector reseller ccportal pack enable 10953 mail 5",
		Args:    cobra.ExactArgs(3),
	}, func(_ context.Context, e *errand[*ccportal.Client], args []string) (*change, error) {
		customer, pack, value := args[0], args[1], args[2]
		return &change{
			action: "pack/enable", subject: customer, asked: pack + " " + value, look: fmt.Sprintf(packLook, customer),
			send: func(ctx context.Context) (changed, error) {
				return changed{said: fmt.Sprintf("customer %s has pack %s %s", customer, pack, value)}, e.client.PackEnable(ctx, customer, pack, value)
			},
		}, nil
	})
}

func ccPortalPackDisable(d *ccPortalDialect) *cobra.Command {
	return d.changes(&cobra.Command{
		Use:     "disable CUSTOMER PACK VALUE",
		Short:   "Take a pack away",
		Example: "  collector reseller ccportal pack disable 10953 mail 5",
		Args:    cobra.ExactArgs(3),
	}, func(_ context.Context, e *errand[*ccportal.Client], args []string) (*change, error) {
		customer, pack, value := args[0], args[1], args[2]
		return &change{
			action: "pack/disable", subject: customer, asked: pack + " " + value, look: fmt.Sprintf(packLook, customer),
			send: func(ctx context.Context) (changed, error) {
				return changed{said: fmt.Sprintf("customer %s no longer has pack %s %s", customer, pack, value)}, e.client.PackDisable(ctx, customer, pack, value)
			},
		}, nil
	})
}
