package vendorhttp

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"
)

// reloading is a transport that is built anew when ca_file has changed, so that a corrected file counts
// without a restart. While the new file can't be used the old authorities stay in force.
type reloading struct {
	cfg TLS
	key string

	mu      sync.Mutex
	current *http.Transport
	changed time.Time // of the file that current was built from
	size    int64
}

func newReloading(cfg TLS, key string) (*reloading, error) {
	r := &reloading{cfg: cfg, key: key}
	_, err := r.newest()
	return r, err
}

// RoundTrip implements http.RoundTripper.
func (r *reloading) RoundTrip(req *http.Request) (*http.Response, error) {
	rt, unusable := r.newest()
	resp, err := rt.RoundTrip(req)
	if err != nil && unusable != nil {
		err = fmt.Errorf("%w; %w", err, unusable)
	}
	return resp, err
}

// newest is the transport with the file as it is now; beside an error the one before.
func (r *reloading) newest() (*http.Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var info fs.FileInfo
	if r.cfg.CAFile != "" {
		var err error
		if info, err = os.Stat(r.cfg.CAFile); err != nil && r.current != nil {
			return r.current, fmt.Errorf("%s.ca_file: %w", r.key, err)
		}
	}
	if r.current != nil && (info == nil || info.ModTime().Equal(r.changed) && info.Size() == r.size) {
		return r.current, nil
	}
	rt, err := NewTransport(r.cfg, r.key)
	if err != nil {
		return r.current, err
	}
	r.current = rt
	if info != nil {
		r.changed, r.size = info.ModTime(), info.Size()
	}
	return rt, nil
}
