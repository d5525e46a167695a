package engine

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// readersDoor is what readers see: ClickHouse's HTTP interface without the browser. A page of another origin neither reads an
// answer nor makes a query run, whatever it loads it as, script, image, form, frame or fetch; a page that has its own
// name lead to this address is not answered either.
func (h *handler) readersDoor() http.Handler {
	mux := h.routes(false)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		if why := foreign(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// ownersDoor is what the owner of the engine's folder sees by its socket.
func (h *handler) ownersDoor() http.Handler { return h.routes(true) }

func (h *handler) routes(owner bool) http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "Ok.\n") }
	serve := func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, owner) }
	mux.HandleFunc("GET /ping", ok)
	mux.HandleFunc("GET /replicas_status", ok)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			ok(w, r)
			return
		}
		serve(w, r)
	})
	mux.HandleFunc("POST /{$}", serve)
	return mux
}

// foreign says why a request is not answered, "" where it is. Browsers say with every request where it comes from; programs
// that are none say nothing.
func foreign(r *http.Request) string {
	if !isLoopback(r.Host) {
		return fmt.Sprintf("this ClickHouse engine serves localhost only, not %q", r.Host)
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return "this ClickHouse engine serves no pages of other origins"
		}
	}
	for _, origin := range r.Header.Values("Origin") {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return "this ClickHouse engine serves no pages of other origins"
		}
	}
	if r.Method == http.MethodOptions || r.Header.Get("Access-Control-Request-Method") != "" {
		return "this ClickHouse engine serves no pages of other origins"
	}
	return ""
}

func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
