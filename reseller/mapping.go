package reseller

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// mappingEvery is how often customers.csv is looked at.
const mappingEvery = time.Minute

// largestMapping is far above any list of customers; a greater file was named by mistake.
const largestMapping = 64 << 20

// mapping is what customers.csv said when it was last read whole, by this run or one before. A version of it that cannot be used
// changes nothing.
type mapping struct {
	path string

	mu      sync.Mutex
	current bool // seen is the version that was recorded
	seen    version
	lines   []report.CustomerLine
	warns   []string // about the version in use
	err     error    // of the newest version, nil if it is in use
}

// version tells one content of a file from the next without reading it; the zero version is no file.
type version struct {
	modified time.Time
	size     int64
}

// watchMapping reads customers.csv again whenever it has changed, until ctx ends.
func (r *Jobs) watchMapping(ctx context.Context) {
	for ctx.Err() == nil {
		pacing.Sleep(ctx, nil, time.Now().Add(mappingEvery))
		if ctx.Err() == nil {
			_ = r.readMapping() // the observer has told its error
		}
	}
}

// readMapping records customers.csv if it is not the version that was recorded last.
func (r *Jobs) readMapping() error {
	m := r.mapping
	m.mu.Lock()
	defer m.mu.Unlock()
	now, err := m.look()
	if err == nil && m.current && now == m.seen {
		m.err = nil // what was wrong has been put back
		return nil
	}
	var read Customers
	if err == nil {
		read, err = m.readVersion(now, r.vendors, r.store.Customers)
	}
	changes := 0
	if err == nil {
		if changes, err = r.store.SetCustomers(read.Lines); err != nil {
			err = fmt.Errorf("the lines of %s could not be recorded: %w", m.path, err)
		}
	}
	if err != nil && !m.current { // this run has not read it yet, one before may have
		var recallErr error
		m.lines, recallErr = r.store.Customers()
		err = errors.Join(err, recallErr)
	}
	before := m.err
	if m.err = err; err != nil {
		if before == nil || before.Error() != err.Error() { // it is tried again every minute, and told once
			r.observer.mappingRefused(m.path, len(m.lines), err)
		}
		return err
	}
	m.current, m.seen, m.lines = true, now, read.Lines
	m.warns = append(read.Warnings, read.Unknown(r.accounts)...)
	if changes > 0 {
		r.queued()
	}
	r.observer.mapped(m.path, now != version{}, len(m.lines), changes, m.warns)
	return nil
}

// look finds which version of the file is there.
func (m *mapping) look() (version, error) {
	if m.path == "" {
		return version{}, nil
	}
	info, err := os.Stat(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return version{}, nil
	case err != nil:
		return version{}, err
	case !info.Mode().IsRegular() || info.Size() > largestMapping:
		return version{}, fmt.Errorf("%s is not a file of customers; name the CSV file, or none", m.path)
	}
	return version{info.ModTime(), info.Size()}, nil
}

// readVersion reads the version of the file. One that changes meanwhile is being written; one that is
// gone although lines of it are in use was hardly taken away to unmap everybody.
func (m *mapping) readVersion(now version, vendors []*Vendor, known func() ([]report.CustomerLine, error)) (Customers, error) {
	if now == (version{}) {
		if m.path == "" {
			return Customers{}, nil
		}
		lines, err := known()
		if err == nil && len(lines) > 0 {
			err = fmt.Errorf("%s is gone; to remove all mappings, put a file there that has only the header", m.path)
		}
		return Customers{}, err
	}
	text, err := os.ReadFile(m.path)
	if err != nil {
		return Customers{}, err
	}
	if after, err := m.look(); err != nil || after != now {
		return Customers{}, fmt.Errorf("%s is being written", m.path)
	}
	return ParseCustomers(m.path, text, vendors)
}

// customerOf is whose a vendor's customer is, empty if customers.csv does not tell. A line with the account comes before one for
// any.
func (m *mapping) customerOf(vendor, account, customer string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	name := ""
	for _, l := range m.lines {
		if l.Vendor != vendor || l.Field != customerField || l.Value != strings.TrimSpace(customer) {
			continue
		}
		if l.Account == account {
			return l.Customer
		}
		if l.Account == "" {
			name = l.Customer
		}
	}
	return name
}

// state is what the page shows: how many lines are in use, what is doubtful about them, and why the newest version is not.
func (m *mapping) state() (lines int, warnings []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.lines), m.warns, m.err
}
