package limacity

import (
	"net/http"
	"strings"

	"alpemix-collector/internal/secret"
	"alpemix-collector/reseller"
	"alpemix-collector/vendorhttp"
)

// Account is one reseller's key.
type Account struct {
	Name       string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	APIKey     secret.Value   `yaml:"api_key,omitempty" check:"required" doc:"Reseller API key."`
	APIKeyFile string         `yaml:"api_key_file" path:"" doc:"File that holds the API key."`
	Endpoint   string         `yaml:"endpoint" default:"https://www.lima-city.de/resellercp" check:"url" doc:"Web address that the documents' paths follow."`
	TLS        vendorhttp.TLS `yaml:"tls"`
}

// Login implements reseller.Opener.
func (a Account) Login() reseller.Login {
	return reseller.Login{Account: a.Name, Key: "api_key", Secret: a.APIKey, Value: reseller.SameServer(a.Endpoint) + " " + strings.TrimSpace(a.APIKey.Reveal())}
}

// Open implements reseller.Opener.
func (a Account) Open(version string, rt http.RoundTripper) (reseller.Client, error) {
	return New(a, version, rt)
}
