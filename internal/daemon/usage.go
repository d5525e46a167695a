package daemon

import (
	"context"
	"time"

	"alpemix-collector/sink"
	"alpemix-collector/web"
)

// usage asks ClickHouse what the page shows, once what writes has reached it.
func (d *Daemon) usage(ctx context.Context) (*web.Usage, error) {
	db, err := d.Target.Reached()
	if db == nil || err != nil {
		return nil, err
	}
	accounts := d.Config.Alpemix.Accounts
	zones := make([]web.AccountZone, len(accounts))
	for i := range accounts {
		zones[i] = web.AccountZone{Name: accounts[i].Name, Location: accounts[i].Location()}
	}
	u, err := web.ReadUsage(ctx, db, zones, time.Now())
	if sink.Answered(err) {
		err = answeredError{err}
	}
	return u, err
}

// answeredError is ClickHouse's own: the page must not say that there is no ClickHouse.
type answeredError struct{ error }

func (answeredError) Answered() bool { return true }

func (e answeredError) Unwrap() error { return e.error }
