package web

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// onlyByName refuses requests for unknown host names if we listen on loopback or if our names are
// configured. Otherwise a foreign page in a browser could make its name resolve to us and read what
// we show (DNS rebinding). IP addresses cannot be redirected like that.
func (c *Config) onlyByName(next http.Handler) http.Handler {
	if !isLoopback(c.Listen) && len(c.Hosts) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := hostname(r.Host); !c.answersTo(name) {
			plain(w, http.StatusForbidden, fmt.Sprintf("this page is not served under the name %q; if it is a name of this server or of a proxy, add it to http.hosts\n", name))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Config) answersTo(name string) bool {
	return name == "" || isLocal(name) || net.ParseIP(name) != nil ||
		slices.ContainsFunc(c.Hosts, func(known string) bool { return strings.EqualFold(known, name) })
}

// isLocal reports whether a name always refers to this machine.
func isLocal(name string) bool {
	name = strings.ToLower(name)
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

func isLoopback(listen string) bool {
	name := hostname(listen)
	ip := net.ParseIP(name)
	return isLocal(name) || ip != nil && ip.IsLoopback()
}

// hostname returns the host of host:port, without an address's brackets and a root's dot.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), ".")
}
