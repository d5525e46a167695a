package limacity

import (
	"encoding/json"

	"alpemix-collector/reseller/wire"
)

// createRequest is the example of limacity.txt, with the members in its order.
type (
	createRequest struct {
		Customer customerRequest `json:"customer"`
	}
	customerRequest struct {
		DiskSpaceGB   int    `json:"disk_space_gb"`
		MySQLSpaceGB  int    `json:"mysql_space_gb"`
		MailLimit     int    `json:"mail_limit"`
		FurnishAPIKey string `json:"furnish_api_key,omitempty"`
		Username      string `json:"username"`
		Email         string `json:"email"`
	}
)

// request is n as the document writes it, where a wanted key is a text.
func (n NewCustomer) request() createRequest {
	furnish := ""
	if n.FurnishAPIKey {
		furnish = "1"
	}
	return createRequest{customerRequest{n.DiskSpaceGB, n.MySQLSpaceGB, n.MailLimit, furnish, n.Username, n.Email}}
}

// answer is every answer: an object that was made, a list under its plural, or an error.
type answer struct {
	Status    wire.Text       `json:"status"`
	Object    json.RawMessage `json:"object"`
	Errors    json.RawMessage `json:"errors"`
	Error     json.RawMessage `json:"error"`
	Customers json.RawMessage `json:"customers"`

	text []byte // the document
}

type objectAnswer struct {
	ID     wire.Number `json:"id"`
	APIKey wire.Text   `json:"api_key"`
}

type customerAnswer struct {
	ID       wire.Number `json:"id"`
	Username wire.Text   `json:"username"`
	Name     wire.Text   `json:"name"`
}
