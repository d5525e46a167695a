package reseller

import (
	"slices"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// CheckCustomers reads customers.csv, returns what is wrong with it, and changes nothing.
func (r *Jobs) CheckCustomers() error {
	r.mapping.mu.Lock()
	defer r.mapping.mu.Unlock()
	now, err := r.mapping.look()
	if err == nil {
		_, err = r.readVersion(now)
	}
	return err
}

// ReadCustomers reads customers.csv at once and reports whether other lines of it are in use now.
func (r *Jobs) ReadCustomers() (changed bool, err error) {
	before := r.mapping.inUse()
	err = r.readMapping()
	return !slices.Equal(r.mapping.inUse(), before), err
}

func (m *mapping) inUse() []report.CustomerLine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lines
}

// Retry reads an account at once, whatever pause its last failure asks for: it has another login now.
func (r *Jobs) Retry(vendor, account string) {
	for _, j := range r.jobs {
		if j.Vendor == vendor && j.Name == account {
			j.mu.Lock()
			j.due, j.pause = true, pacing.Pause{}
			if j.round != nil {
				j.round.restart()
			}
			j.mu.Unlock()
			pacing.Nudge(j.wake)
		}
	}
}
