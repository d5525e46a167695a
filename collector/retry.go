package collector

import (
	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Retry ends the pauses of an account whose login was refused, because it has another login now.
// The vendor's limits still apply.
func (c *Collector) Retry(account string) {
	for _, a := range c.accounts {
		if a.Name != account {
			continue
		}
		a.mu.Lock()
		for kind, f := range a.failures {
			if f.Class == report.Permanent || f.Class == report.Renew {
				a.pauses[kind].Succeeded()
			}
		}
		a.mu.Unlock()
		pacing.Nudge(a.wake)
	}
}
