package reseller

import (
	"fmt"
	"time"

	"alpemix-collector/pacing"
)

// tellLimits are the vendors that tell all that is allotted, so that what is ended here comes back with the account. What was set
// through us at the others would be lost.
var tellLimits = []string{"remotepc", "ccportal"}

// endRemoved ends what is known of accounts that the configuration names no more. Nobody reads whether it is still so; and of an
// account with a new name it would count twice.
func (r *Jobs) endRemoved() error {
	now := time.Now()
	if !pacing.Believable(now) {
		return nil // the next start does it
	}
	for _, vendor := range tellLimits {
		var named []string
		for _, j := range r.jobs {
			if j.Vendor == vendor {
				named = append(named, j.Name)
			}
		}
		ended, err := r.store.EndOthers(vendor, named, now)
		r.observer.removed(vendor, ended)
		if len(ended) > 0 {
			r.queued()
		}
		if err != nil {
			err = fmt.Errorf("%s accounts that are no longer configured could not be ended: %w", vendor, err)
			r.observer.notRemoved(err)
			return err
		}
	}
	return nil
}
