package remotepc

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"alpemix-collector/reseller"
	"alpemix-collector/reseller/action"
)

// Vendor is RemotePC.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "orange", ReportsLimits: true,
	Short:  "RemotePC: add, invite, sign in and list users",
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: []action.Action{{
		Use: "user", Short: "Users of the reseller account",
		Actions: []action.Action{
			{
				Use: "add EMAIL", Short: "Add a user with a password",
				Example: `  collector reseller remotepc user add ayse@bakkal.example --first-name Ayşe --last-name Demir --computers 5
  pass show bakkal | collector reseller remotepc user add ayse@bakkal.example --first-name Ayşe --last-name Demir --password-file -`,
				Flags: []action.Flag{
					{Name: "first-name", Default: "", Usage: "the user's first name", Required: true},
					{Name: "last-name", Default: "", Usage: "the user's last name", Required: true},
					{Name: "computers", Default: uint32(0), Usage: "computers that the user is allotted"},
					{Name: "send-email", Default: (*bool)(nil), Usage: "e-mail the user (default: the vendor decides)"},
				},
				Secret: &action.Secret{Noun: "password", IsNew: true, Whose: "%s"},
				Change: add,
			},
			{
				Use: "invite EMAIL[:COMPUTERS]...", Short: "Invite users by e-mail",
				Long: `Invites users by mail, in one request. An address may carry its own number of
computers behind a colon; --computers is for those that don't.

The vendor answers for each address: INVITED is done; ALREADY_INVITED and EXISTS
mean that nothing changed, also not the number of computers. An address that the
vendor refuses, or doesn't answer for, makes the exit status 1.`,
				Example: `  collector reseller remotepc user invite ayse@bakkal.example can@bakkal.example --computers 10
  collector reseller remotepc user invite ayse@bakkal.example:10 can@bakkal.example:5`,
				Flags:  []action.Flag{{Name: "computers", Default: uint32(0), Usage: "computers that each of them is allotted"}},
				Change: invite,
			},
			{
				Use: "signin USERNAME", Short: "Get a link that logs a user in",
				Long: `Gets the address under which a user is logged in without a password. Whoever has
it is that user, so it is printed only with --show-link.`,
				Example: "  xdg-open \"$(collector reseller remotepc user signin ayse@bakkal.example --show-link)\"",
				Flags:   []action.Flag{{Name: "show-link", Default: false, Usage: "print the link to standard output"}},
				Secret:  &action.Secret{Noun: "password", Whose: "%s"},
				Print:   signIn,
			},
			{
				Use: "list", Short: "List the users and their computers",
				Example: "  collector reseller remotepc user list --format json",
				Read:    list,
			},
		},
	}},
}

const look = "collector reseller remotepc user list shows it"

func of(c *action.Call) *Client { return c.Client.(*Client) }

func add(c *action.Call) (*action.Change, error) {
	computers := c.Flags["computers"].(uint32)
	u := NewUser{
		Email: c.Args[0], FirstName: c.Flags["first-name"].(string), LastName: c.Flags["last-name"].(string),
		Computers: int(computers), SendEmail: c.Flags["send-email"].(*bool), Password: c.Secret,
	}
	return &action.Change{
		Name: "user/add", Subject: u.Email, Asked: fmt.Sprintf("computers %d", computers), Look: look,
		Send: func(ctx context.Context) (action.Result, error) {
			return action.Result{Done: fmt.Sprintf("added %s, with %d computers", u.Email, computers)}, of(c).Add(ctx, u)
		},
	}, nil
}

func invite(c *action.Call) (*action.Change, error) {
	var invitations []Invitation
	var emails []string
	for _, arg := range c.Args {
		v, err := parseInvitation(arg, int(c.Flags["computers"].(uint32)))
		if err != nil {
			return nil, err
		}
		invitations, emails = append(invitations, v), append(emails, v.Email)
	}
	return &action.Change{
		Name: "user/invite", Subject: strings.Join(emails, ", "), Asked: computersOf(invitations), Look: look,
		Send: func(ctx context.Context) (action.Result, error) {
			invited, err := of(c).Invite(ctx, invitations)
			done := invitationsDone(invited)
			return action.Result{Done: done, Detail: done, Partly: done}, err
		},
	}, nil
}

// parseInvitation reads EMAIL or EMAIL:COMPUTERS.
func parseInvitation(arg string, computers int) (v Invitation, err error) {
	v = Invitation{Email: arg, Computers: computers}
	if at := strings.LastIndexByte(arg, ':'); at >= 0 {
		n, err := strconv.ParseUint(arg[at+1:], 10, 31)
		if err != nil {
			return v, action.Misusef("%q: %q after the colon is not a number of computers", arg, arg[at+1:])
		}
		v.Email, v.Computers = arg[:at], int(n)
	}
	if v.Email == "" {
		return v, action.Misusef("%q holds no e-mail address", arg)
	}
	return v, nil
}

// computersOf is what is asked for, in one word where that is the same for all.
func computersOf(all []Invitation) string {
	same := true
	var each []string
	for _, v := range all {
		same = same && v.Computers == all[0].Computers
		each = append(each, fmt.Sprintf("%s %d", v.Email, v.Computers))
	}
	if same {
		return fmt.Sprintf("computers %d", all[0].Computers)
	}
	return "computers " + strings.Join(each, ", ")
}

// invitationsDone are those that the vendor sent or found sent.
func invitationsDone(all []Invited) string {
	var done []string
	for _, i := range all {
		if i.Outcome == Done || i.Outcome == Unchanged {
			done = append(done, action.Cell(i.Email)+" "+action.Cell(i.Status))
		}
	}
	return strings.Join(done, ", ")
}

func signIn(ctx context.Context, c *action.Call) (string, error) {
	link, err := of(c).SignIn(ctx, c.Args[0], c.Secret)
	if err != nil {
		return "", err
	}
	if c.Flags["show-link"].(bool) {
		return link.Reveal() + "\n", nil
	}
	return fmt.Sprintf("done: got a sign-in link for %s; add --show-link to print it\n", c.Args[0]), nil
}

func list(ctx context.Context, c *action.Call) (*action.Listing, error) {
	users, err := of(c).List(ctx)
	l := &action.Listing{Columns: []string{"username", "allotted", "utilized", "active", "created_on"}}
	for _, u := range users {
		l.Rows = append(l.Rows, []any{u.Username, action.Known(u.Allotted), action.Known(u.Utilized), action.Known(u.Active), action.Known(u.CreatedOn)})
	}
	return l, err
}
