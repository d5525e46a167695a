package config

import (
	"alpemix-collector/internal/secret"
	"alpemix-collector/vendorhttp"
)

// Reseller is the four vendors whose customers and allotments are recorded.
type Reseller struct {
	Thresholds []int     `yaml:"thresholds" default:"80, 100" check:"percents" doc:"Percent of an allotment at which its use is told: in the log, the metrics and to the webhook, once for each customer, resource and month. An empty list tells nothing."`
	Webhook    Webhook   `yaml:"webhook"`
	RemotePC   RemotePC  `yaml:"remotepc"`
	CCPortal   CCPortal  `yaml:"ccportal"`
	SerwerSMS  SerwerSMS `yaml:"serwersms"`
	LimaCity   LimaCity  `yaml:"limacity"`
}

// Accounts is how many accounts there are of all four.
func (r *Reseller) Accounts() int {
	return len(r.RemotePC.Accounts) + len(r.CCPortal.Accounts) + len(r.SerwerSMS.Accounts) + len(r.LimaCity.Accounts)
}

// Webhook is where events go; docs/webhook.md tells their form.
type Webhook struct {
	URL     secret.Value   `yaml:"url,omitempty" check:"address" doc:"Web address that is told when a threshold is reached, as [webhook.md](webhook.md) tells. It may hold a login. Empty for none."`
	URLFile string         `yaml:"url_file" path:"" doc:"File that holds the address."`
	Timeout Duration       `yaml:"timeout" default:"10s" check:"second" doc:"How long one attempt may take."`
	TLS     vendorhttp.TLS `yaml:"tls"`
}

// RemotePC is remotepc.txt.
type RemotePC struct {
	Schedule string            `yaml:"schedule" default:"@hourly" check:"cron" doc:"Cron expression of snapshots, in the top-level timezone."`
	Accounts []RemotePCAccount `yaml:"accounts"`
}

// RemotePCAccount is one reseller's key.
type RemotePCAccount struct {
	Name       string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	APIKey     secret.Value   `yaml:"api_key,omitempty" check:"required" doc:"Reseller API key."`
	APIKeyFile string         `yaml:"api_key_file" path:"" doc:"File that holds the API key."`
	Endpoint   string         `yaml:"endpoint" default:"https://web1.remotepc.com/rpc-api/reseller/private" check:"url" doc:"Web address that the documents' paths follow."`
	TLS        vendorhttp.TLS `yaml:"tls"`
}

// CCPortal is ccportal.txt.
type CCPortal struct {
	Schedule string            `yaml:"schedule" default:"@hourly" check:"cron" doc:"Cron expression of snapshots, in the top-level timezone."`
	Accounts []CCPortalAccount `yaml:"accounts"`
}

// CCPortalAccount is one reseller's portal; it has no login, the vendor knows the caller's address.
type CCPortalAccount struct {
	Name          string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	BaseURL       string         `yaml:"base_url" check:"required,url" doc:"Web address of the portal's API; it carries the reseller's name."`
	Customers     []string       `yaml:"customers" doc:"Customer numbers, in quotes; the portal has no call that lists them."`
	CustomersFile string         `yaml:"customers_file" path:"" check:"readable" doc:"File with one customer number a line, instead of customers; read at the start."`
	Format        string         `yaml:"format" default:"json" check:"oneof=json|xml" doc:"json or xml."`
	TLS           vendorhttp.TLS `yaml:"tls"`
}

// SerwerSMS is serwersms.txt.
type SerwerSMS struct {
	Schedule string             `yaml:"schedule" default:"@hourly" check:"cron" doc:"Cron expression of snapshots, in the top-level timezone."`
	Accounts []SerwerSMSAccount `yaml:"accounts"`
}

// SerwerSMSAccount logs in with a token, or with a username and a password.
type SerwerSMSAccount struct {
	Name         string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	Token        secret.Value   `yaml:"token,omitempty" doc:"API token."`
	TokenFile    string         `yaml:"token_file" path:"" doc:"File that holds the API token."`
	Username     string         `yaml:"username" check:"login" doc:"API user, where there is no token."`
	Password     secret.Value   `yaml:"password,omitempty" doc:"The API user's password."`
	PasswordFile string         `yaml:"password_file" path:"" doc:"File that holds the password."`
	Endpoint     string         `yaml:"endpoint" default:"https://api2.serwersms.pl" check:"url" doc:"Web address that the documents' paths follow."`
	TLS          vendorhttp.TLS `yaml:"tls"`
}

// LimaCity is limacity.txt.
type LimaCity struct {
	Schedule string            `yaml:"schedule" default:"@hourly" check:"cron" doc:"Cron expression of snapshots, in the top-level timezone."`
	Accounts []LimaCityAccount `yaml:"accounts"`
}

// LimaCityAccount is one reseller's key.
type LimaCityAccount struct {
	Name       string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	APIKey     secret.Value   `yaml:"api_key,omitempty" check:"required" doc:"Reseller API key."`
	APIKeyFile string         `yaml:"api_key_file" path:"" doc:"File that holds the API key."`
	Endpoint   string         `yaml:"endpoint" default:"https://www.lima-city.de/resellercp" check:"url" doc:"Web address that the documents' paths follow."`
	TLS        vendorhttp.TLS `yaml:"tls"`
}
