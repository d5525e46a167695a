package reseller

import (
	"fmt"
	"time"

	"alpemix-collector/pacing"
)

// endRemoved ends what is known of accounts that the configuration names no more. Nobody reads whether it is still so; and of an
// account with a new name it would count twice.
func (r *Jobs) endRemoved() error {
	now := time.Now()
	if !pacing.Believable(now) {
		return nil // the next start does it
	}
	for _, v := range r.vendors {
		if !v.ReportsLimits {
			continue
		}
		var named []string
		for _, j := range r.jobs {
			if j.Vendor == v.Name {
				named = append(named, j.Name)
			}
		}
		ended, err := r.store.EndOthers(v.Name, named, now)
		r.observer.removed(v.Name, ended)
		if len(ended) > 0 {
			r.queued()
		}
		if err != nil {
			err = fmt.Errorf("%s accounts that are no longer configured could not be ended: %w", v.Name, err)
			r.observer.notRemoved(err)
			return err
		}
	}
	return nil
}
