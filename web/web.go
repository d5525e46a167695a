// Package web serves a page about what the collector is doing, /metrics, health checks and the
// page's facts as JSON. It is read-only.
package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says what a Server serves, and where.
type Config struct {
	Listen   string              // host:port; port 0 picks a free one
	Hosts    []string            // names under which others reach it; on a loopback address, the names of a proxy
	Gatherer prometheus.Gatherer // for /metrics
	Status   func() Status       // the current facts; called for each request, so it has to be fast
	Ready    func() error        // nil once the collector accepts reports, otherwise what it is waiting for
	Log      *slog.Logger
	// WebConfigFile sets TLS and logins in the format of Prometheus's exporter-toolkit, "" for
	// neither. It is read again for each connection and request; while it is invalid, all of them
	// are refused.
	WebConfigFile string
	// Socket is a Unix socket on which commands on this machine are answered without TLS and login,
	// "" for none. The folder's permissions decide who may open it.
	Socket string
	// Usage queries ClickHouse; it returns nil without an error before ClickHouse is open. It is
	// called at most once at a time and only while a browser shows the page, so it may be slow.
	Usage func(context.Context) (*Usage, error)
}

// Server answers HTTP requests while Run blocks.
type Server struct {
	config  Config
	usage   *usageCache
	assets  *assets
	handler http.Handler // checks the host's name
	local   http.Handler // for the socket
	bound   chan struct{}
	addr    net.Addr
}

// New returns a Server. It opens nothing before Run.
func New(c Config) *Server {
	s := &Server{config: c, usage: newUsageCache(c.Usage), assets: builtIn(), bound: make(chan struct{})}
	s.local = s.routes()
	s.handler = guard(c.onlyByName(s.local))
	return s
}

// Addr waits until Run listens or ctx is done. It returns the address with the actual port.
func (s *Server) Addr(ctx context.Context) (net.Addr, error) {
	select {
	case <-s.bound:
		return s.addr, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
