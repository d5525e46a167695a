package serwersms

import (
	"net/http"
	"strings"

	"alpemix-collector/internal/secret"
	"alpemix-collector/reseller"
	"alpemix-collector/vendorhttp"
)

// Account is one main account. It logs in with a token, or with a username and a password.
type Account struct {
	Name         string         `yaml:"name" check:"required,label" doc:"Name of the account in tables, metrics and logs."`
	Token        secret.Value   `yaml:"token,omitempty" doc:"API token."`
	TokenFile    string         `yaml:"token_file" path:"" doc:"File that holds the API token."`
	Username     string         `yaml:"username" check:"login" doc:"API user, where there is no token."`
	Password     secret.Value   `yaml:"password,omitempty" doc:"The API user's password."`
	PasswordFile string         `yaml:"password_file" path:"" doc:"File that holds the password."`
	Endpoint     string         `yaml:"endpoint" default:"https://api2.serwersms.pl" check:"url" doc:"Web address that the documents' paths follow."`
	TLS          vendorhttp.TLS `yaml:"tls"`
}

// Check returns what is wrong between keys.
func (a Account) Check() (key, problem string) {
	switch token, login := !a.Token.Empty(), a.Username != "" || !a.Password.Empty(); {
	case token && login:
		return "", "has a token and a username or password; give one of them"
	case !token && (a.Username == "" || a.Password.Empty()):
		return "", "has no login; give token_file or token, or username and password_file"
	}
	return "", ""
}

// Login implements reseller.Opener.
func (a Account) Login() reseller.Login {
	server := reseller.SameServer(a.Endpoint)
	if !a.Token.Empty() {
		return reseller.Login{Account: a.Name, Key: "token", Secret: a.Token, Value: server + " token " + strings.TrimSpace(a.Token.Reveal())}
	}
	return reseller.Login{Account: a.Name, Key: "username", Value: server + " user " + reseller.SameUser(a.Username)}
}

// Open implements reseller.Opener.
func (a Account) Open(version string, rt http.RoundTripper) (reseller.Client, error) {
	return New(a, version, rt)
}
