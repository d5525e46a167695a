package main

import (
	"fmt"
	"net"

	"alpemix-collector/internal/config"
	"alpemix-collector/web"
)

// http checks who may read the page, and warns of everybody.
func (k *checking) http() {
	file := k.config.HTTP.WebConfigFile
	protection, err := web.ProtectionOf(file)
	if err != nil {
		k.line("http.web_config_file", "", fmt.Errorf("%s: %w", file, err))
		return
	}
	if file != "" {
		k.line("http.web_config_file", fmt.Sprintf("%s requires %s", file, protection), nil)
	}
	if problem := exposed(&k.config.HTTP, protection); problem != "" {
		k.warn("http.listen", problem)
	}
}

// warn prints what works and deserves a look. It changes no exit status.
func (k *checking) warn(subject, problem string) {
	_, _ = fmt.Fprintf(k.stdout, "warn  %s: %s\n", subject, problem)
}

// exposed says what strangers on the network can do with a page at an address, "" for nothing.
func exposed(h *config.HTTP, p web.Protection) string {
	host, _, _ := net.SplitHostPort(h.Listen) // its form was checked when the configuration was read
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	switch {
	case p.Logins == 0 && !p.Clients:
		return h.Listen + " is open to other machines without a login: anyone who can reach it can read names and addresses of staff and customers; " +
			"listen on 127.0.0.1, or set http.web_config_file"
	case !p.TLS:
		return h.Listen + " is open to other machines without TLS: logins can be read in transit; add tls_server_config to http.web_config_file"
	}
	return ""
}
