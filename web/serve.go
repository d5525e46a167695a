package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"alpemix-collector/internal/clients"
)

const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 2 * time.Minute
	drainTimeout = 2 * time.Second // browsers hold connections open on which they have asked nothing
	headerBytes  = 16 << 10
	// mostConnections leaves file descriptors to the vendors and to ClickHouse, whoever connects to the page, and mostEach
	// leaves connections to others than one client.
	mostConnections = 128
	mostEach        = 64
)

// Run listens and serves until ctx ends, then lets running answers finish. It returns nil after ctx ended, and an error that
// names the address if it cannot listen, or the key if the file with TLS and logins is wrong.
func (s *Server) Run(ctx context.Context) error {
	var protected *protector
	if file := s.config.WebConfigFile; file != "" {
		var err error
		if protected, err = newProtector(file, s.config.Log); err != nil {
			return fmt.Errorf("http.web_config_file %s: %w", file, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("http.listen %s: %w; another process may be using it: stop that one, or choose another port", s.config.Listen, err)
	}
	listener = clients.Limit(listener, mostConnections, mostEach)
	answer := plainly(listener)
	if protected != nil {
		answer = func(server *http.Server) error { return protected.serve(listener, server) }
	}
	defer s.usage.close()
	g, ctx := errgroup.WithContext(ctx)
	if s.config.Socket != "" {
		socket, err := listenSocket(s.config.Socket)
		if err != nil {
			return errors.Join(fmt.Errorf("socket %s: %w", s.config.Socket, err), listener.Close())
		}
		g.Go(func() error { return s.serve(ctx, s.local, socket.Addr().String(), plainly(socket)) })
	}
	g.Go(func() error { return s.serve(ctx, s.handler, "http.listen "+s.config.Listen, answer) })
	s.addr = listener.Addr()
	close(s.bound)
	return g.Wait()
}

// plainly serves what comes over l as it is.
func plainly(l net.Listener) func(*http.Server) error {
	return func(server *http.Server) error { return server.Serve(l) }
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
		ConnContext:       clients.Note,
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
