package remotepc

import (
	"encoding/json"

	"alpemix-collector/reseller/wire"
)

// The requests of remotepc.txt. The table of the invitation shows an object, its example sends a list of these.
type (
	addRequest struct {
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Email     string `json:"invitedUserEmailId"`
		Password  string `json:"password"`
		Computers int    `json:"allotedComputers"`
		SendEmail *bool  `json:"sendEmailToUser,omitempty"`
	}
	inviteRequest struct {
		Email     string `json:"invitedUserEmailId"`
		Computers int    `json:"allotedComputers"`
	}
	signInRequest struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
)

// envelope is every answer. Message is a text, a list or an object, by the call; errors come without it.
type envelope struct {
	Status  wire.Text       `json:"status"`
	Code    wire.Number     `json:"code"`
	Message json.RawMessage `json:"message"`
	Errors  json.RawMessage `json:"errors"`
}

type invitedAnswer struct {
	Username wire.Text `json:"username"`
	Status   wire.Text `json:"status"`
}

type signInAnswer struct {
	Link wire.Text `json:"rpc_redirect_link"`
}

type listAnswer struct {
	Users json.RawMessage `json:"resellerUsersList"`
}

// userAnswer has the vendor's spelling of "allotted", and the right one.
type userAnswer struct {
	Username wire.Text `json:"username"`
	Alloted  wire.Text `json:"alloted_computers"`
	Allotted wire.Text `json:"allotted_computers"`
	Utilized wire.Text `json:"utilized_computers"`
	Active   wire.Text `json:"isActive"`
	Created  wire.Text `json:"created_date"`
}
