package collector

import (
	"alpemix-collector/pacing"
	"alpemix-collector/report"
)

// Retry ends the pauses of an account whose login was refused: it has another one now. What the vendor's limits ask for stays.
func (c *Collector) Retry(account string) {
	for _, a := range c.accounts {
		if a.Name != account {
			continue
		}
		a.mu.Lock()
		if f := a.lastFailure; f != nil && (f.Class == report.Permanent || f.Class == report.Renew) {
			for _, p := range a.pauses {
				p.Succeeded()
			}
		}
		a.mu.Unlock()
		pacing.Nudge(a.wake)
	}
}
