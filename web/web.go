// Package web shows what the collector is doing: a page, /metrics, health checks and the page's facts as JSON. It reads only.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is what a Server shows and where.
type Config struct {
	Listen   string              // host:port; port 0 takes any free one
	Hosts    []string            // names under which a proxy offers what is served on a loopback address
	Gatherer prometheus.Gatherer // for /metrics
	Status   func() Status       // the facts of this moment; called for each request, so it has to be cheap
	Ready    func() error        // nil once the collector takes in reports; otherwise what it waits for
	Log      *slog.Logger
	// Usage asks ClickHouse; nil without an error as long as it has not been opened. It is called at most once at a time and only
	// while somebody looks, so it may take its time.
	Usage func(context.Context) (*Usage, error)
}

// Server answers HTTP requests while Run blocks.
type Server struct {
	config  Config
	usage   *usageCache
	assets  *assets
	handler http.Handler
	bound   chan struct{}
	addr    net.Addr
}

// New makes a Server; it opens nothing until Run.
func New(c Config) *Server {
	s := &Server{config: c, usage: newUsageCache(c.Usage), assets: builtIn(), bound: make(chan struct{})}
	s.handler = s.routes()
	return s
}

const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 2 * time.Minute
	drainTimeout = 2 * time.Second // browsers hold connections open on which they have asked nothing
	headerBytes  = 16 << 10
)

// Run listens and serves until ctx ends, then lets running answers finish. It returns nil after ctx ended, and an error that
// names the address if it cannot listen.
func (s *Server) Run(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("http.listen %s: %w; another process may hold it: end that one, or choose another port", s.config.Listen, err)
	}
	defer s.usage.close()
	s.addr = listener.Addr()
	close(s.bound)
	server := &http.Server{
		Handler:           s.handler,
		ReadTimeout:       readTimeout,
		ReadHeaderTimeout: readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		// The requests' own end is awaited for a moment only: a page nobody waits for must not hold up the flush.
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		if err := server.Shutdown(grace); err != nil {
			err = server.Close()
			stopped <- err
			return
		}
		stopped <- nil
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http.listen %s: %w", s.config.Listen, err)
	}
	return <-stopped
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
