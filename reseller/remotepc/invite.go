package remotepc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// Invitation is one address to be invited, with the computers that it is allotted.
type Invitation struct {
	Email     string
	Computers int
}

// Outcome is what became of one invitation.
type Outcome string

// Outcomes of an invitation.
const (
	Done      Outcome = "done"      // the vendor sent it
	Unchanged Outcome = "unchanged" // it was there before, or its user was; the computers stay as they were
	Refused   Outcome = "refused"   // the vendor does not accept it
	Unclear   Outcome = "unknown"   // the answer does not say what became of it
)

// statuses are those that remotepc.txt shows; an invitation may also be refused with a description.
var statuses = map[string]Outcome{"INVITED": Done, "ALREADY_INVITED": Unchanged, "EXISTS": Unchanged}

// Invited is what became of one invitation.
type Invited struct {
	Invitation
	Status  string // the vendor's word; empty where the answer has none for this address
	Outcome Outcome
}

// Invite sends invitations in one request ("2. Benutzer einladen"). It returns one outcome for each
// of them, in their order, as soon as the vendor answered with a list. The error is of class
// report.Unknown if any outcome is, else with the reason invitation_refused if any was refused.
func (c *Client) Invite(ctx context.Context, invitations []Invitation) ([]Invited, error) {
	payload := make([]inviteRequest, len(invitations))
	asked := map[string]bool{}
	problem := ""
	if len(invitations) == 0 {
		problem = "no address to invite is given"
	}
	for i, v := range invitations {
		payload[i] = inviteRequest(v)
		if asked[addressKey(v.Email)] {
			problem = fmt.Sprintf("%s is named twice", v.Email)
		}
		asked[addressKey(v.Email)] = true
	}
	r := c.request("user/invite", payload)
	r.Changes = true
	if problem != "" {
		return nil, c.http.Fail(r, report.Permanent, "bad_request", "not sent: %s", problem)
	}
	var invited []Invited
	err := c.call(ctx, r, func(a *vendorhttp.Answer, message json.RawMessage) (err error) {
		if invited, err = parseInvited(message, invitations); err != nil {
			return err
		}
		return judgeInvited(a, invited)
	})
	return invited, err
}

// addressKey compares addresses as the vendor does, which returns them in lower case.
func addressKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// parseInvited reads the message of an invitation: a list, or one entry alone. Anything else, such
// as one word for all of them, says nothing of the single address.
func parseInvited(message json.RawMessage, sent []Invitation) ([]Invited, error) {
	message = wire.Unwrapped(message)
	if bytes.HasPrefix(message, []byte("{")) {
		message = append(append([]byte{'['}, message...), ']')
	}
	words := map[string][]string{}
	_, err := wire.Each(message, func(element json.RawMessage) error {
		var v invitedAnswer
		if err := wire.Object(element, &v); err != nil {
			return err
		}
		if v.Username.Value == "" || v.Status.Value == "" {
			return fmt.Errorf("username or status is missing in %s", vendorhttp.Shape(element))
		}
		key := addressKey(v.Username.Value)
		words[key] = append(words[key], strings.TrimSpace(v.Status.Value))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	all := make([]Invited, len(sent))
	for i, v := range sent {
		all[i] = invitedAs(v, words[addressKey(v.Email)])
	}
	return all, nil
}

// invitedAs is what the words for an address mean. Of several the outcome is known where they agree.
func invitedAs(v Invitation, words []string) Invited {
	i := Invited{Invitation: v, Status: strings.Join(words, ", "), Outcome: Unclear}
	for n, word := range words {
		outcome := outcomeOf(strings.ToUpper(word))
		if n > 0 && outcome != i.Outcome {
			i.Outcome = Unclear
			break
		}
		i.Outcome = outcome
	}
	return i
}

func outcomeOf(word string) Outcome {
	if outcome, known := statuses[word]; known {
		return outcome
	}
	if v, known := descriptions[word]; known && v.class != report.Transient {
		return Refused
	}
	return Unclear
}

// judgeInvited is the failure of invitations that were not all sent or unchanged.
func judgeInvited(a *vendorhttp.Answer, all []Invited) error {
	var unclear, refused []string
	for _, i := range all {
		switch i.Outcome {
		case Unclear:
			said := "is not in the answer"
			if i.Status != "" {
				said = fmt.Sprintf("%q", a.Excerpt([]byte(i.Status)))
			}
			unclear = append(unclear, i.Email+" "+said)
		case Refused:
			refused = append(refused, i.Email+" "+i.Status)
		}
	}
	switch {
	case len(unclear) > 0:
		return vendorhttp.Unclear(errors.New(strings.Join(append(unclear, refused...), ", ")))
	case len(refused) > 0:
		return a.Fail(report.Permanent, "invitation_refused", "the vendor refused %s", strings.Join(refused, ", "))
	}
	return nil
}
