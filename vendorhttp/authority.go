package vendorhttp

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"
)

// reloader is a transport that is rebuilt when ca_file changes, so that a corrected file takes
// effect without a restart. If the new file can't be used, the old authorities stay in force.
type reloader struct {
	cfg TLS
	key string

	mu      sync.Mutex
	current *http.Transport
	changed time.Time // of the file that current was built from
	size    int64
}

func newReloader(cfg TLS, key string) (*reloader, error) {
	r := &reloader{cfg: cfg, key: key}
	_, err := r.newest()
	return r, err
}

// RoundTrip implements http.RoundTripper.
func (r *reloader) RoundTrip(req *http.Request) (*http.Response, error) {
	rt, unusable := r.newest()
	resp, err := rt.RoundTrip(req)
	if err != nil && unusable != nil {
		err = fmt.Errorf("%w; %w", err, unusable)
	}
	return resp, err
}

// newest returns the transport for the current file; with an error, the previous one.
func (r *reloader) newest() (*http.Transport, error) {
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
