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
	drainTimeout = 2 * time.Second // browsers keep connections open without requests
	headerBytes  = 16 << 10
	// mostConnections leaves file descriptors for the vendors and ClickHouse. mostEach leaves
	// connections for other clients.
	mostConnections = 128
	mostEach        = 64
)

// Run listens and serves until ctx is done, then lets running answers finish. It returns nil after
// that. If it cannot listen, or the file with TLS and logins is wrong, the error names the address
// or the key.
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
	answer := servePlain(listener)
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
		g.Go(func() error { return s.serve(ctx, s.local, socket.Addr().String(), servePlain(socket)) })
	}
	g.Go(func() error { return s.serve(ctx, s.handler, "http.listen "+s.config.Listen, answer) })
	s.addr = listener.Addr()
	close(s.bound)
	return g.Wait()
}

// servePlain returns a function that serves the connections of l without TLS.
func servePlain(l net.Listener) func(*http.Server) error {
	return func(server *http.Server) error { return server.Serve(l) }
}

// serve serves until ctx is done, then waits briefly for running answers.
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
		// Wait only briefly for running requests, so that an idle page does not delay the flush.
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
