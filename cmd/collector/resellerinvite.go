package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"alpemix-collector/reseller/remotepc"
)

func remotePCInvite(d *remotePCDialect) *cobra.Command {
	var computers uint32
	command := &cobra.Command{
		Use:   "invite EMAIL[:COMPUTERS]...",
		Short: "Invite users by e-mail",
		Long: `Invites users by mail, in one request. An address may carry its own number of
computers behind a colon; --computers is for those that don't.

The vendor answers for each address: INVITED is done; ALREADY_INVITED and EXISTS
mean that nothing changed, also not the number of computers. An address that the
vendor refuses, or doesn't answer for, makes the exit status 1.`,
		Example: `  collector reseller remotepc user invite ayse@bakkal.example can@bakkal.example --computers 10
  collector reseller remotepc user invite ayse@bakkal.example:10 can@bakkal.example:5`,
		Args: cobra.MinimumNArgs(1),
	}
	command.Flags().Uint32Var(&computers, "computers", 0, "computers that each of them is allotted")
	return d.changes(command, func(_ context.Context, e *errand[*remotepc.Client], args []string) (*change, error) {
		var invitations []remotepc.Invitation
		var emails []string
		for _, arg := range args {
			v, err := parseInvitation(arg, computers)
			if err != nil {
				return nil, e.misused(err)
			}
			invitations, emails = append(invitations, v), append(emails, v.Email)
		}
		return &change{
			action: "user/invite", subject: strings.Join(emails, ", "), asked: computersOf(invitations),
			look: remotePCLook,
			send: func(ctx context.Context) (changed, error) {
				invited, err := e.client.Invite(ctx, invitations)
				said := invitationsDone(invited)
				return changed{said: said, told: said, partly: said}, err
			},
		}, nil
	})
}

// parseInvitation reads EMAIL or EMAIL:COMPUTERS.
func parseInvitation(arg string, computers uint32) (v remotepc.Invitation, err error) {
	v = remotepc.Invitation{Email: arg, Computers: int(computers)}
	if at := strings.LastIndexByte(arg, ':'); at >= 0 {
		n, err := strconv.ParseUint(arg[at+1:], 10, 31)
		if err != nil {
			return v, fmt.Errorf("%q: %q after the colon is not a number of computers", arg, arg[at+1:])
		}
		v.Email, v.Computers = arg[:at], int(n)
	}
	if v.Email == "" {
		return v, fmt.Errorf("%q holds no e-mail address", arg)
	}
	return v, nil
}

// computersOf is what is asked for, in one word where that is the same for all.
func computersOf(all []remotepc.Invitation) string {
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
func invitationsDone(all []remotepc.Invited) string {
	var done []string
	for _, i := range all {
		if i.Outcome == remotepc.Done || i.Outcome == remotepc.Unchanged {
			done = append(done, cell(i.Email)+" "+cell(i.Status))
		}
	}
	return strings.Join(done, ", ")
}
