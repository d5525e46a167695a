package config

import (
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/vendorhttp"
)

// Alpemix is the vendor whose connection reports are collected (alpemix.txt).
type Alpemix struct {
	Endpoint string  `yaml:"endpoint" default:"https://www.alpemix.com:5900/api" check:"url" doc:"Web address that requests are sent to."`
	Request  Request `yaml:"request"`
	Limits   Limits  `yaml:"limits"`
	// MaxAnswerMiB is beyond a day of a million connections. It bounds the file in state_dir, not memory.
	MaxAnswerMiB int              `yaml:"max_answer_mib" default:"1024" check:"positive" doc:"Longest answer in MiB; anything beyond it is not read. A connection takes about 400 bytes. While an answer is read, up to this much is kept in state_dir."`
	TLS          vendorhttp.TLS   `yaml:"tls"`
	Schedule     Schedule         `yaml:"schedule"`
	Accounts     []AlpemixAccount `yaml:"accounts"`
}

// Request is how a request is sent. The vendor's document does not say (vendors/README.md section 1); error 100 in reply to a
// well-formed body means that the body was not read.
type Request struct {
	Method      string `yaml:"method" default:"POST" check:"oneof=POST|GET|PUT" doc:"HTTP method: POST, GET or PUT."`
	ContentType string `yaml:"content_type" default:"application/json" check:"label" doc:"Content-Type of requests."`
}

// Limits are the vendor's, counted over any window of the given length.
type Limits struct {
	Reports int      `yaml:"reports" default:"3" check:"positive" doc:"Report requests that the vendor allows in one window."`
	Tokens  int      `yaml:"tokens" default:"5" check:"positive" doc:"Token requests that the vendor allows in one window; one more blocks the IP address."`
	Window  Duration `yaml:"window" default:"60s" check:"second" doc:"Length of the window."`
	Scope   string   `yaml:"scope" default:"ip" check:"oneof=ip|account" doc:"ip: all accounts share the limits; account: each has its own."`
}

// Schedule says when the daemon wakes; what it asks for then follows from what it has.
type Schedule struct {
	Today     string `yaml:"today" default:"@every 20s" check:"cron" doc:"Cron expression of reads of the running day, in the account's zone."`
	Yesterday string `yaml:"yesterday" default:"5 0,3,6,9,12,15,18,21,23 * * *" check:"cron" doc:"Cron expression of reads of the day before, until it is sealed, in the account's zone."`
}

// AlpemixAccount is one main user of the vendor.
type AlpemixAccount struct {
	Name          string       `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	MainUsername  string       `yaml:"main_username" check:"required,login" doc:"The vendor's main username."`
	SecretKey     secret.Value `yaml:"secret_key,omitempty" check:"required" doc:"Secret key of alpemix.com/webapi/login.htm."`
	SecretKeyFile string       `yaml:"secret_key_file" path:"" doc:"File that holds the secret key."`
	Timezone      string       `yaml:"timezone" check:"zone" doc:"IANA time zone in which the vendor writes this account's times; default is the top-level timezone."`
}

// Location is the account's time zone.
func (a *AlpemixAccount) Location() *time.Location { return mustLocation(a.Timezone) }

// Location is the zone of accounts that name none.
func (c *Config) Location() *time.Location { return mustLocation(c.Timezone) }

func mustLocation(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil { // the zone was checked when the configuration was read
		panic("config: " + err.Error())
	}
	return loc
}
