package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"alpemix-collector/reseller/remotepc"
)

type remotePCDialect = dialect[*remotepc.Client]

func (a *app) remotePCCommand() *cobra.Command {
	d := &remotePCDialect{a, "remotepc"}
	user := &cobra.Command{Use: "user", Short: "Users of the reseller account"}
	user.AddCommand(remotePCAdd(d), remotePCInvite(d), remotePCSignIn(d), remotePCList(d))
	command := &cobra.Command{Use: "remotepc", Short: "RemotePC: add, invite, sign in and list users"}
	command.AddCommand(group(user, nil))
	return group(command, nil)
}

const remotePCLook = "collector reseller remotepc user list shows it"

func remotePCAdd(d *remotePCDialect) *cobra.Command {
	var u remotepc.NewUser
	var computers uint32
	var tell bool
	command := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Add a user with a password",
		Example: `  collector reseller remotepc user add ayse@bakkal.example --first-name Ayşe --last-name Demir --computers 5
  pass show bakkal | collector reseller remotepc user add ayse@bakkal.example --first-name Ayşe --last-name Demir --password-file -`,
		Args: cobra.ExactArgs(1),
	}
	flags := command.Flags()
	flags.StringVar(&u.FirstName, "first-name", "", "the user's first name")
	flags.StringVar(&u.LastName, "last-name", "", "the user's last name")
	flags.Uint32Var(&computers, "computers", 0, "computers that the user is allotted")
	for _, name := range []string{"first-name", "last-name"} {
		_ = command.MarkFlagRequired(name) // it is there
	}
	flags.BoolVar(&tell, "send-email", false, "whether the vendor tells the user by mail (default: as the vendor likes)")
	password := newSecretFlags(command, "password", true)
	return d.changes(command, func(ctx context.Context, e *errand[*remotepc.Client], args []string) (_ *change, err error) {
		u.Email, u.Computers = args[0], int(computers)
		if command.Flags().Changed("send-email") {
			u.SendEmail = &tell
		}
		if u.Password, err = ask(ctx, e, password, u.Email); err != nil {
			return nil, err
		}
		return &change{
			action: "user/add", subject: u.Email, asked: fmt.Sprintf("computers %d", computers), look: remotePCLook,
			send: func(ctx context.Context) (changed, error) {
				return changed{said: fmt.Sprintf("%s is added, with %d computers", u.Email, computers)}, e.client.Add(ctx, u)
			},
		}, nil
	})
}

func remotePCSignIn(d *remotePCDialect) *cobra.Command {
	var show bool
	command := &cobra.Command{
		Use:   "signin USERNAME",
		Short: "Get a link that logs a user in",
		Long: `Gets the address under which a user is logged in without a password. Whoever has
it is that user, so it is printed only with --show-link.`,
		Example: "  xdg-open \"$(collector reseller remotepc user signin ayse@bakkal.example --show-link)\"",
		Args:    cobra.ExactArgs(1),
	}
	command.Flags().BoolVar(&show, "show-link", false, "print the link to standard output")
	password := newSecretFlags(command, "password", false)
	return d.asks(command, func(ctx context.Context, e *errand[*remotepc.Client], args []string) error {
		typed, err := ask(ctx, e, password, args[0])
		if err != nil {
			return err
		}
		link, err := e.client.SignIn(ctx, args[0], typed)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("done: the sign-in link of %s has come; --show-link prints it", args[0])
		if show {
			line = link.Reveal()
		}
		_, err = fmt.Fprintln(e.stdout, line)
		return err
	})
}

func remotePCList(d *remotePCDialect) *cobra.Command {
	return d.reads(&cobra.Command{
		Use:     "list",
		Short:   "List the users and their computers",
		Example: "  collector reseller remotepc user list --format json",
		Args:    cobra.NoArgs,
	}, func(ctx context.Context, client *remotepc.Client, _ []string) (*listing, error) {
		users, err := client.List(ctx)
		l := &listing{columns: []string{"username", "allotted", "utilized", "active", "created_on"}}
		for _, u := range users {
			l.rows = append(l.rows, []any{u.Username, known(u.Allotted), known(u.Utilized), known(u.Active), known(u.CreatedOn)})
		}
		return l, err
	})
}
