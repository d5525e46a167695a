package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"

	"golang.org/x/time/rate"

	"alpemix-collector/internal/clients"
)

// protector serves with the TLS settings and logins of a file, which it reads again for each
// connection and request. The toolkit's own server does too, but it admits everyone while the file
// is empty, for example while it is being saved.
type protector struct {
	file    string
	log     *slog.Logger
	started *rules
	logins  *logins
	limit   *rate.Limiter // nil: no limit

	mu      sync.Mutex
	good    *rules // the rules in force
	problem string // why the file's rules are not in force; "" if they are
}

func newProtector(file string, log *slog.Logger) (*protector, error) {
	r, err := readRules(file)
	if err != nil {
		return nil, err
	}
	p := &protector{file: file, log: log, started: r, good: r, logins: newLogins()}
	if l := r.RateLimiterConfig; l.Interval != 0 {
		p.limit = rate.NewLimiter(rate.Every(l.Interval), l.Burst)
	}
	return p, nil
}

// serve serves the connections of l.
func (p *protector) serve(l net.Listener, server *http.Server) error {
	server.Handler = p.guard(server.Handler)
	if p.started.tls == nil {
		return server.Serve(l)
	}
	server.TLSConfig = p.started.tls.Clone()
	server.TLSConfig.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		r, err := p.current()
		if err != nil {
			r = p.last() // the handler reports why it refuses
		}
		return r.tls, nil
	}
	if !p.started.HTTPConfig.HTTP2 {
		server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	return server.ServeTLS(l, "", "")
}

func (p *protector) last() *rules {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.good
}

// current reads the file. It returns an error for rules that are wrong or protect less than those
// in force: a file that is being written looks like that, so only a restart may remove protection.
func (p *protector) current() (*rules, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := readRules(p.file)
	if err == nil && p.started.tls == nil {
		r.tls, r.TLS, r.Clients, r.Names = nil, false, false, false // only a restart starts TLS
	}
	if err == nil {
		if lack := p.good.lacks(r.Protection); lack != "" {
			err = fmt.Errorf("it no longer sets %s; restart the collector if that is intended", lack)
		}
	}
	p.note(err)
	if err != nil {
		return nil, err
	}
	p.good = r
	return r, nil
}

// note logs when the file becomes unusable or usable again.
func (p *protector) note(err error) {
	switch problem := fmt.Sprint(err); {
	case err == nil && p.problem != "":
		p.problem = ""
		p.log.Info("http.web_config_file is valid again: requests are answered", "file", p.file)
	case err != nil && p.problem == "":
		p.problem = problem
		p.log.Error("http.web_config_file cannot be used: all requests are refused until it is corrected", "file", p.file, "err", err)
	}
}

// guard admits requests by the file's rules.
func (p *protector) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rules, err := p.current()
		if err != nil {
			plain(w, http.StatusInternalServerError, "the file with TLS and logins cannot be used; the collector's log says why\n")
			return
		}
		if p.limit != nil && !p.limit.Allow() {
			plain(w, http.StatusTooManyRequests, "too many requests; try again later\n")
			return
		}
		for name, value := range rules.HTTPConfig.Header {
			w.Header().Set(name, value)
		}
		if rules.Clients && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
			// The connection is older than the rule.
			w.Header().Set("Connection", "close")
			plain(w, http.StatusForbidden, "a client certificate is required\n")
			return
		}
		if len(rules.Users) > 0 {
			user, password, _ := r.BasicAuth()
			switch err := p.logins.check(r.Context(), clients.Of(r), user, string(rules.Users[user]), password); {
			case errors.Is(err, errBusy):
				w.Header().Set("Retry-After", "1")
				plain(w, http.StatusTooManyRequests, "too many logins at once; try again later\n")
				return
			case err != nil:
				w.Header().Set("WWW-Authenticate", "Basic")
				plain(w, http.StatusUnauthorized, "a user name and a password are required\n")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
