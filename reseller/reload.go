package reseller

import (
	"slices"

	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// CheckCustomersFile reads customers.csv as Jobs do that know some lines of it already, and changes nothing. It also reports
// whether there is such a file.
func CheckCustomersFile(path string, vendors []*Vendor, known func() ([]report.CustomerLine, error)) (read Customers, exists bool, err error) {
	m := &mapping{path: path}
	now, err := m.look()
	if err == nil {
		read, err = m.readVersion(now, vendors, known)
	}
	return read, now != version{}, err
}

// CheckCustomers reads customers.csv, returns what is wrong with it, and changes nothing.
func (r *Jobs) CheckCustomers() error {
	_, _, err := CheckCustomersFile(r.mapping.path, r.vendors, r.store.Customers)
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
