package daemon

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

// SocketOf is the Unix socket of the daemon that has the state folder: commands reach it there whatever its address, TLS and
// logins are.
func SocketOf(stateDir string) string { return filepath.Join(stateDir, "collector.sock") }

// SocketURL is the address of a request by a socketClient; its host is named for the sake of HTTP alone.
const SocketURL = "http://collector"

// SocketClient is a client of the daemon that runs on a state folder, nil if none answers at its socket.
func SocketClient(ctx context.Context, stateDir string, patience time.Duration) *http.Client {
	socket := web.SocketTransport(SocketOf(stateDir))
	conn, err := socket.DialContext(ctx, "", "")
	if err != nil {
		return nil
	}
	_ = conn.Close() // it answers
	return &http.Client{Transport: socket, Timeout: patience}
}

// LocalClient is a client of the daemon of a configuration and the address to ask: the state folder's daemon, or, if none has it,
// the one at http.listen.
func LocalClient(ctx context.Context, c *config.Config, patience time.Duration) (client *http.Client, url string) {
	if client := SocketClient(ctx, c.StateDir, patience); client != nil {
		return client, SocketURL
	}
	// No proxy: the daemon is on this machine.
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}, PageURL(c.HTTP.Listen)
}

const StatusTimeout = 5 * time.Second

// ReadStatus is the status that the daemon at an address reports.
func ReadStatus(ctx context.Context, client *http.Client, url string) (*web.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, StatusTimeout)
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
