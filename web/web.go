// Package web shows what the collector is doing: a page, /metrics, health checks and the page's facts as JSON. It reads only.
package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is what a Server shows and where.
type Config struct {
	Listen   string              // host:port; port 0 takes any free one
	Hosts    []string            // names under which others reach it; on a loopback address those of a proxy
	Gatherer prometheus.Gatherer // for /metrics
	Status   func() Status       // the facts of this moment; called for each request, so it has to be cheap
	Ready    func() error        // nil once the collector takes in reports; otherwise what it waits for
	Log      *slog.Logger
	// WebConfigFile sets TLS and logins in the format of Prometheus's exporter-toolkit, "" for neither. It is read again for each
	// connection and request; one that has become wrong refuses all of them.
	WebConfigFile string
	// Socket is a Unix socket on which commands of this machine are answered without TLS and login, "" for none: who may
	// open it is a matter of its folder's permissions.
	Socket string
	// Usage asks ClickHouse; nil without an error as long as it has not been opened. It is called at most once at a time and only
	// while somebody looks, so it may take its time.
	Usage func(context.Context) (*Usage, error)
}

// Server answers HTTP requests while Run blocks.
type Server struct {
	config  Config
	usage   *usageCache
	assets  *assets
	handler http.Handler // behind the check of the host's name
	local   http.Handler // for the socket
	bound   chan struct{}
	addr    net.Addr
}

// New makes a Server; it opens nothing until Run.
func New(c Config) *Server {
	s := &Server{config: c, usage: newUsageCache(c.Usage), assets: builtIn(), bound: make(chan struct{})}
	s.local = s.routes()
	s.handler = guard(c.onlyByName(s.local))
	return s
}

// Addr blocks until Run listens, or ctx ends, and tells the address; port 0 in Listen has become a real one.
func (s *Server) Addr(ctx context.Context) (net.Addr, error) {
	select {
	case <-s.bound:
		return s.addr, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
