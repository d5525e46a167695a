package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"alpemix-collector/internal/config"
	"alpemix-collector/web"
)

// socketOf is the Unix socket of the daemon that has the state folder: commands reach it there whatever its address, TLS and
// logins are.
func socketOf(stateDir string) string { return filepath.Join(stateDir, "collector.sock") }

// socketURL is the address of a request by a socketClient; its host is named for the sake of HTTP alone.
const socketURL = "http://collector"

// socketClient is a client of the daemon that runs on a state folder, nil if none answers at its socket.
func socketClient(ctx context.Context, stateDir string, patience time.Duration) *http.Client {
	socket := web.SocketTransport(socketOf(stateDir))
	conn, err := socket.DialContext(ctx, "", "")
	if err != nil {
		return nil
	}
	_ = conn.Close() // it answers
	return &http.Client{Transport: socket, Timeout: patience}
}

// localDaemon is a client of the daemon of a configuration and the address to ask: the state folder's daemon, or, if none has it,
// the one at http.listen.
func localDaemon(ctx context.Context, c *config.Config, patience time.Duration) (client *http.Client, url string) {
	if client := socketClient(ctx, c.StateDir, patience); client != nil {
		return client, socketURL
	}
	// No proxy: the daemon is on this machine.
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}, pageURL(c.HTTP.Listen)
}

const statusTimeout = 5 * time.Second

// daemonStatus is the status that the daemon at an address reports.
func daemonStatus(ctx context.Context, client *http.Client, url string) (*web.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/status", nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers HTTP %d", request.URL, answer.StatusCode)
	}
	var s web.Status
	if err := json.NewDecoder(answer.Body).Decode(&s); err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL, err)
	}
	return &s, nil
}
