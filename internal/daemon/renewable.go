package daemon

import (
	"context"
	"sync/atomic"
	"time"

	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/reseller"
)

// renewableFetcher is an Alpemix client that is replaced when its secret changes.
type renewableFetcher struct {
	atomic.Pointer[alpemix.Client]
	secret string // the client's
}

func newRenewableFetcher(client *alpemix.Client, secret string) *renewableFetcher {
	f := &renewableFetcher{secret: secret}
	f.Store(client)
	return f
}

// Fetch implements collector.Fetcher.
func (f *renewableFetcher) Fetch(ctx context.Context, w report.Window) (report.Body, error) {
	return f.Load().Fetch(ctx, w)
}

// TokenExpiry implements collector.Fetcher.
func (f *renewableFetcher) TokenExpiry() time.Time { return f.Load().TokenExpiry() }

// Budget implements collector.Fetcher.
func (f *renewableFetcher) Budget(kind report.Kind) int { return f.Load().Budget(kind) }

// renewableSource is a reseller vendor's client that is replaced when its secret changes.
type renewableSource struct {
	atomic.Pointer[reseller.Client]
}

func newRenewableSource(client reseller.Client) *renewableSource {
	s := &renewableSource{}
	s.Store(&client)
	return s
}

// Snapshot implements reseller.Source.
func (s *renewableSource) Snapshot(ctx context.Context, customers []string) (report.Snapshot, error) {
	return (*s.Load()).Snapshot(ctx, customers)
}

// customers are those of the client that is in use now.
func (s *renewableSource) customers() []string { return (*s.Load()).(reseller.ByCustomer).Customers() }

// renewableWebhook is a receiver of events that is replaced when its address changes.
type renewableWebhook struct {
	atomic.Pointer[reseller.Webhook]
}

func newRenewableWebhook(webhook reseller.Webhook) *renewableWebhook {
	w := &renewableWebhook{}
	w.Store(&webhook)
	return w
}

// Deliver implements reseller.Webhook.
func (w *renewableWebhook) Deliver(ctx context.Context, e report.Event) error {
	return (*w.Load()).Deliver(ctx, e)
}
