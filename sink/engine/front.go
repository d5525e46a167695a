package engine

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// readersDoor returns ClickHouse's HTTP interface for readers. Pages of other origins in a browser
// can neither read an answer nor make a query run, whether they load it as script, image, form,
// frame or fetch. A page whose own host name resolves to this address gets no answer either.
func (h *handler) readersDoor() http.Handler {
	mux := h.routes(false)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		if why := refusal(r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// ownersDoor returns the interface for the owner of the engine's folder, who connects by its
// socket.
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

// refusal returns why a request is refused, or "" if it is not. Browsers report with every request
// where it comes from; other programs do not.
func refusal(r *http.Request) string {
	if !isLoopback(r.Host) {
		return fmt.Sprintf("this ClickHouse engine serves localhost only, not %q", r.Host)
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "same-origin" && site != "none" {
			return "this ClickHouse engine does not answer pages of other origins"
		}
	}
	for _, origin := range r.Header.Values("Origin") {
		if u, err := url.Parse(origin); err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
			return "this ClickHouse engine does not answer pages of other origins"
		}
	}
	if r.Method == http.MethodOptions || r.Header.Get("Access-Control-Request-Method") != "" {
		return "this ClickHouse engine does not answer pages of other origins"
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
