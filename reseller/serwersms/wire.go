package serwersms

import (
	"encoding/json"

	"alpemix-collector/reseller/wire"
)

// The parameters of serwersms.txt. The table of "Tworzenie subkont" has lost the name of the last one: email.
type (
	login struct {
		Username string `json:"username,omitempty"`
		Password string `json:"password,omitempty"`
	}
	idRequest struct {
		login
		ID int64 `json:"id"`
	}
	addRequest struct {
		login
		SubUsername string `json:"subaccount_username"`
		SubPassword string `json:"subaccount_password"`
		Template    int64  `json:"subaccount_id"`
		Name        string `json:"name,omitempty"`
		Phone       string `json:"phone,omitempty"`
		Email       string `json:"email,omitempty"`
	}
	limitRequest struct {
		login
		Limit
	}
)

// answer is every answer: an error, or a success and what the action tells.
type answer struct {
	Error    json.RawMessage `json:"error"`
	Success  wire.Text       `json:"success"`
	Items    json.RawMessage `json:"items"`
	ID       wire.Number     `json:"id"`
	Username wire.Text       `json:"username"`
	Name     wire.Text       `json:"name"`
	Phone    wire.Text       `json:"phone"`
	Email    wire.Text       `json:"email"`

	text []byte // the document
}

// errorAnswer is an error. Types repeat and messages come in the customer's language: the code decides.
type errorAnswer struct {
	Code    wire.Number `json:"code"`
	Type    wire.Text   `json:"type"`
	Message wire.Text   `json:"message"`
}

type itemAnswer struct {
	ID       wire.Number `json:"id"`
	Username wire.Text   `json:"username"`
}
