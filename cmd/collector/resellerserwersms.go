package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"alpemix-collector/report"
	"alpemix-collector/reseller/serwersms"
	"alpemix-collector/spool"
)

type serwerSMSDialect = dialect[*serwersms.Client]

func (a *app) serwerSMSCommand() *cobra.Command {
	d := &serwerSMSDialect{a, "serwersms"}
	subaccounts := &cobra.Command{Use: "subaccounts", Short: "Subaccounts of the main account"}
	subaccounts.AddCommand(serwerSMSIndex(d), serwerSMSView(d), serwerSMSAdd(d), serwerSMSLimit(d), serwerSMSDelete(d))
	command := &cobra.Command{Use: "serwersms", Short: "SerwerSMS: list, view, add, limit and delete subaccounts"}
	command.AddCommand(group(subaccounts, nil))
	return group(command, nil)
}

const subaccountsLook = "collector reseller serwersms subaccounts index shows it"

func serwerSMSIndex(d *serwerSMSDialect) *cobra.Command {
	return d.reads(&cobra.Command{
		Use:     "index",
		Short:   "List the subaccounts",
		Example: "  collector reseller serwersms subaccounts index",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, client *serwersms.Client, _ []string) (*listing, error) {
		subaccounts, err := client.Index(ctx)
		l := &listing{columns: []string{"id", "username"}}
		for _, s := range subaccounts {
			l.rows = append(l.rows, []any{s.ID, s.Username})
		}
		return l, err
	})
}

func serwerSMSView(d *serwerSMSDialect) *cobra.Command {
	command := &cobra.Command{
		Use:     "view ID",
		Short:   "Show a subaccount's details",
		Example: "  collector reseller serwersms subaccounts view 1194",
		Args:    cobra.ExactArgs(1),
	}
	return d.reads(command, func(ctx context.Context, client *serwersms.Client, args []string) (*listing, error) {
		id, err := subaccountID(command, args[0])
		if err != nil {
			return nil, err
		}
		s, err := client.View(ctx, id)
		return &listing{
			columns: []string{"id", "username", "name", "phone", "email"},
			rows:    [][]any{{s.ID, s.Username, s.Name, s.Phone, s.Email}},
			one:     true,
		}, err
	})
}

// subaccountID reads the vendor's number of a subaccount.
func subaccountID(command *cobra.Command, text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, &usageError{command.CommandPath(), fmt.Errorf("ID %q is not a subaccount's number; collector reseller serwersms subaccounts index shows them", text)}
	}
	return id, nil
}

func serwerSMSAdd(d *serwerSMSDialect) *cobra.Command {
	var s serwersms.NewSubaccount
	command := &cobra.Command{
		Use:   "add USERNAME",
		Short: "Add a subaccount",
		Long: `Adds a subaccount with the rights and settings of another one, the template.
Its user name and password have 3 to 20 characters; the user name may hold the
letters a to z in both cases, digits and , _ @ .`,
		Example: "  collector reseller serwersms subaccounts add bakkal --template 1194 --name 'Bakkal Demir' --email info@bakkal.example",
		Args:    cobra.ExactArgs(1),
	}
	flags := command.Flags()
	flags.Int64Var(&s.Template, "template", 0, "id of the subaccount whose rights and settings are copied")
	flags.StringVar(&s.Name, "name", "", "what the subaccount is called")
	flags.StringVar(&s.Phone, "phone", "", "its phone number")
	flags.StringVar(&s.Email, "email", "", "its mail address")
	_ = command.MarkFlagRequired("template") // it is there
	password := newSecretFlags(command, "password", true)
	return d.changes(command, func(ctx context.Context, e *errand[*serwersms.Client], args []string) (_ *change, err error) {
		s.Username = args[0]
		if s.Password, err = ask(ctx, e, password, "subaccount "+s.Username); err != nil {
			return nil, err
		}
		return &change{
			action: "subaccounts/add", subject: s.Username, asked: fmt.Sprintf("template %d", s.Template), look: subaccountsLook,
			send: func(ctx context.Context) (changed, error) {
				id, err := e.client.Add(ctx, s)
				return changed{said: fmt.Sprintf("subaccount %s is added; its id is %d", s.Username, id), told: fmt.Sprintf("id %d", id)}, err
			},
		}, nil
	})
}

func serwerSMSLimit(d *serwerSMSDialect) *cobra.Command {
	command := &cobra.Command{
		Use:   "limit ID TYPE COUNT",
		Short: "Limit the messages of a subaccount",
		Long: `Allows a subaccount a number of messages of one type: eco, full, voice, mms or
hlr. No call tells limits, so what is set here is what the view allotments knows.`,
		Example: "  collector reseller serwersms subaccounts limit 1485 eco 100",
		Args:    cobra.ExactArgs(3),
	}
	return d.changes(command, func(_ context.Context, e *errand[*serwersms.Client], args []string) (*change, error) {
		id, err := subaccountID(command, args[0])
		if err != nil {
			return nil, err
		}
		count, err := strconv.ParseUint(args[2], 10, 31)
		if err != nil {
			return nil, e.misused(fmt.Errorf("COUNT %q is not a number of messages", args[2]))
		}
		limit := serwersms.Limit{ID: id, Type: serwersms.Type(args[1]), Value: int(count)}
		return &change{
			action: "subaccounts/limit", subject: fmt.Sprint(id), asked: fmt.Sprintf("%s %d", limit.Type, count),
			look: "no call tells limits: see the customer panel, or set it again, which is harmless",
			send: func(ctx context.Context) (changed, error) {
				return changed{
					said:   fmt.Sprintf("subaccount %d may send %d messages of type %s", id, count, limit.Type),
					effect: spool.Effect{Allotments: []report.Allotment{limit.Allotment(e.account)}},
				}, e.client.Limit(ctx, limit)
			},
		}, nil
	})
}

func serwerSMSDelete(d *serwerSMSDialect) *cobra.Command {
	command := &cobra.Command{
		Use:     "delete ID",
		Short:   "Delete a subaccount",
		Example: "  collector reseller serwersms subaccounts delete 1485",
		Args:    cobra.ExactArgs(1),
	}
	return d.changes(command, func(_ context.Context, e *errand[*serwersms.Client], args []string) (*change, error) {
		id, err := subaccountID(command, args[0])
		return &change{
			action: "subaccounts/delete", subject: fmt.Sprint(id), look: subaccountsLook,
			send: func(ctx context.Context) (changed, error) {
				return changed{said: fmt.Sprintf("subaccount %d is deleted", id), effect: spool.Effect{Ended: fmt.Sprint(id)}}, e.client.Delete(ctx, id)
			},
		}, err
	})
}
