package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
)

const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 2 * time.Minute
	drainTimeout = 2 * time.Second // browsers hold connections open on which they have asked nothing
	headerBytes  = 16 << 10
	// mostConnections leaves file descriptors to the vendors and to ClickHouse, whoever connects to the page.
	mostConnections = 128
)

// Run listens and serves until ctx ends, then lets running answers finish. It returns nil after ctx ended, and an error that
// names the address if it cannot listen, or the key if the file with TLS and logins is wrong.
func (s *Server) Run(ctx context.Context) error {
	if err := toolkit.Validate(s.config.WebConfigFile); err != nil {
		return fmt.Errorf("http.web_config_file %s: %w", s.config.WebConfigFile, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("http.listen %s: %w; another process may be using it: stop that one, or choose another port", s.config.Listen, err)
	}
	listener = netutil.LimitListener(listener, mostConnections)
	defer s.usage.close()
	g, ctx := errgroup.WithContext(ctx)
	if s.config.Socket != "" {
		socket, err := listenSocket(s.config.Socket)
		if err != nil {
			return errors.Join(fmt.Errorf("socket %s: %w", s.config.Socket, err), listener.Close())
		}
		g.Go(func() error { return s.serve(ctx, s.local, socket.Addr().String(), plainly(socket)) })
	}
	g.Go(func() error { return s.serve(ctx, s.handler, "http.listen "+s.config.Listen, s.protected(listener)) })
	s.addr = listener.Addr()
	close(s.bound)
	return g.Wait()
}

// plainly serves what comes over l as it is.
func plainly(l net.Listener) func(*http.Server) error {
	return func(server *http.Server) error { return server.Serve(l) }
}

// protected serves with TLS and logins where the configuration has a file for them.
func (s *Server) protected(l net.Listener) func(*http.Server) error {
	if s.config.WebConfigFile == "" {
		return plainly(l)
	}
	log := slog.New(quiet{s.config.Log.Handler()})
	return func(server *http.Server) error {
		return toolkit.Serve(l, server, &toolkit.FlagConfig{WebConfigFile: &s.config.WebConfigFile}, log)
	}
}

// quiet leaves out what the toolkit says of itself when all is well.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

// serve serves until ctx ends, then waits a while for running answers.
func (s *Server) serve(ctx context.Context, handler http.Handler, name string, serve func(*http.Server) error) error {
	server := &http.Server{
		Handler:           handler,
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
	if err := serve(server); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return <-stopped
}
