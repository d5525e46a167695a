package reseller

import (
	"context"
	"net/http"

	"alpemix-collector/reseller/action"
)

// Vendor is all that the other packages know of a vendor. Package vendors lists them.
type Vendor struct {
	Name        string // in tables, metrics, errors, commands and the configuration
	Short, Long string // help of its commands
	Color       string // on the dashboards, as Grafana calls it
	// ReportsLimits: the vendor reports all that is allotted, so that what is ended here comes back with the account. What was
	// set through us at the others would be lost.
	ReportsLimits bool
	Config        func() Section // a new section of the configuration, empty
	Actions       []action.Action
	// Renamed moves what the vendor's actions keep in the state folder of accounts that have got another name; accounts maps from
	// the one before. It is nil where they keep nothing.
	Renamed func(stateDir string, accounts map[string]string) error
}

// Section is a vendor's section of the configuration: a pointer to Settings of its accounts.
type Section interface {
	Cron() string
	Openers() []Opener
}

// Settings is the section of a vendor whose accounts are configured by an A.
type Settings[A Opener] struct {
	Schedule string `yaml:"schedule" default:"@hourly" check:"cron" doc:"Cron expression of snapshots, in the top-level timezone."`
	Accounts []A    `yaml:"accounts"`
}

// Cron is when snapshots are read.
func (s *Settings[A]) Cron() string { return s.Schedule }

// Openers are the accounts.
func (s *Settings[A]) Openers() []Opener {
	all := make([]Opener, len(s.Accounts))
	for i, a := range s.Accounts {
		all[i] = a
	}
	return all
}

// Opener is the configuration of one account.
type Opener interface {
	// Login is what the vendor knows the account by.
	Login() Login
	// Open makes the account's client. It sends nothing yet, and then through rt, or over the network without it. Version is this
	// program's.
	Open(version string, rt http.RoundTripper) (Client, error)
}

// Client speaks for one account.
type Client interface {
	Source
	// Check asks for something that changes nothing and says what came.
	Check(ctx context.Context) (found string, err error)
	// Held is what the client has from files: secrets, or the numbers of customers.
	Held() string
}

// ByCustomer is a Client whose customers have to be asked for one by one.
type ByCustomer interface {
	// Customers are those of the key customers or the file named by customers_file.
	Customers() []string
}
