package reseller

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"alpemix-collector/pacing"
)

// Once reads customers.csv and every account once, and tries once to deliver each event that waits. It retries nothing; every
// failure is in the error.
func (r *Jobs) Once(ctx context.Context) error {
	if now := time.Now(); !pacing.Believable(now) {
		return fmt.Errorf("this machine's clock says %s: set it", now.Format(time.DateTime))
	}
	errs := make([]error, len(r.jobs))
	before := errors.Join(r.endRemoved(), r.readMapping())
	var reading sync.WaitGroup
	for i, j := range r.jobs {
		reading.Go(func() {
			if out := j.read(ctx); out.failure != nil && !out.notOffered() {
				errs[i] = out.failure
			}
		})
	}
	reading.Wait()
	if r.courier != nil && ctx.Err() == nil {
		_, err := r.courier.round(ctx)
		errs = append(errs, err)
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; what was read so far is queued on disk")
	}
	return errors.Join(append(errs, before)...)
}
