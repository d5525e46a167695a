package daemon

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"

	"alpemix-collector/internal/config"
	"alpemix-collector/report"
)

// Reloading is what SIGHUP reads again. Everything is prepared first: when one file is wrong, nothing changes.
type Reloading struct {
	daemon  *Daemon
	load    func() (*config.Config, error)
	current *config.Config // with the secrets in use
	// reloaders are the parts that hold what files say, in the order in which they adopt it.
	reloaders []reloader
}

// reloader prepares what a part adopts from a configuration with new secrets. No error of it shows one.
type reloader func(renewed *config.Config) (commit func() (changed []string, err error), err error)

// NewReloading reads the configuration again by load.
func (d *Daemon) NewReloading(load func() (*config.Config, error)) *Reloading {
	return &Reloading{d, load, d.Config, []reloader{d.renewCustomers, d.renewAlpemix, d.renewResellers, d.renewWebhook, d.Target.Renew}}
}

// Run reloads at each of hangups until ctx ends.
func (r *Reloading) Run(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-hangups:
			r.Reload()
		case <-ctx.Done():
			return
		}
	}
}

// Reload logs what changed, by the names of keys and files, or why nothing did.
func (r *Reloading) Reload() {
	changed, ignored, err := r.renew()
	if len(ignored) > 0 {
		r.daemon.Log.Warn("SIGHUP rereads only secrets and lists; these keys changed too and need a restart", "keys", strings.Join(ignored, ", "))
	}
	switch {
	case err != nil && len(changed) == 0:
		r.daemon.Log.Error("nothing was reloaded, neither secrets nor lists: correct this and send SIGHUP again", "err", report.OneLine(err))
	case err != nil:
		r.daemon.Log.Error("not everything was reloaded", "changed", strings.Join(changed, ", "), "err", report.OneLine(err))
	case len(changed) == 0:
		r.daemon.Log.Info("reloaded: no secret or list has changed")
	default:
		r.daemon.Log.Info("reloaded", "changed", strings.Join(changed, ", "))
	}
}

func (r *Reloading) renew() (changed, ignored []string, err error) {
	newer, err := r.load()
	if err != nil {
		return nil, nil, err
	}
	renewed, secrets, ignored := r.current.Renew(newer)
	if d := r.daemon; (d.webhook == nil) != (renewed.Reseller.Webhook.URL.Reveal() == "") { // it comes or goes with its loop
		renewed.Reseller.Webhook = r.current.Reseller.Webhook
		isWebhook := func(key string) bool { return strings.HasPrefix(key, "reseller.webhook.") }
		ignored = append(ignored, "reseller.webhook")
		secrets = slices.DeleteFunc(secrets, isWebhook)
	}
	var commits []func() ([]string, error)
	for _, prepare := range r.reloaders {
		commit, err := prepare(renewed)
		if err != nil {
			return nil, ignored, err
		}
		commits = append(commits, commit)
	}
	for _, commit := range commits {
		more, err := commit()
		changed = append(changed, more...)
		if err != nil { // of the first: the others replace what is in memory
			return changed, ignored, err
		}
	}
	r.current = renewed
	return append(changed, secrets...), ignored, nil
}

func (d *Daemon) renewCustomers(*config.Config) (func() ([]string, error), error) {
	if err := d.Jobs.CheckCustomers(); err != nil {
		return nil, err
	}
	return func() ([]string, error) {
		changed, err := d.Jobs.ReadCustomers()
		if !changed {
			return nil, err
		}
		return []string{d.Config.CustomersFile}, err
	}, nil
}

func (d *Daemon) renewAlpemix(renewed *config.Config) (func() ([]string, error), error) {
	var commits []func()
	for i := range renewed.Alpemix.Accounts {
		a := &renewed.Alpemix.Accounts[i]
		fetcher := d.fetchers[a.Name]
		if fetcher.secret == a.SecretKey.Reveal() {
			continue
		}
		client, err := NewClient(renewed, a, d.State)
		if err != nil {
			return nil, err
		}
		commits = append(commits, func() {
			fetcher.secret = a.SecretKey.Reveal()
			fetcher.Store(client)
			d.collector.Retry(a.Name)
		})
	}
	return all(commits), nil
}

// all is a commit of several parts, whose keys the secrets name.
func all(commits []func()) func() ([]string, error) {
	return func() ([]string, error) {
		for _, commit := range commits {
			commit()
		}
		return nil, nil
	}
}

func (d *Daemon) renewResellers(renewed *config.Config) (func() ([]string, error), error) {
	newer, err := ResellerAccounts(renewed, func(string) http.RoundTripper { return nil })
	if err != nil {
		return nil, err
	}
	var commits []func()
	var lists []string
	for i, a := range d.Resellers { // in the same order: Renew adds and removes no account
		source, ok := a.Source.(*renewableSource)
		other, otherOK := newer[i].Source.(*renewableSource)
		if !ok || !otherOK || (*source.Load()).Held() == (*other.Load()).Held() {
			continue
		}
		if a.Customers != nil { // the list is no secret, which Renew would have named
			lists = append(lists, "reseller."+a.Vendor+".accounts["+a.Name+"].customers_file")
		}
		commits = append(commits, func() {
			source.Store(other.Load())
			d.Jobs.Retry(a.Vendor, a.Name)
		})
	}
	return func() ([]string, error) {
		_, _ = all(commits)()
		return lists, nil
	}, nil
}

func (d *Daemon) renewWebhook(renewed *config.Config) (func() ([]string, error), error) {
	receiver, err := newWebhook(&renewed.Reseller.Webhook)
	if err != nil || receiver == nil {
		return all(nil), err
	}
	return all([]func(){func() { d.webhook.Store(&receiver) }}), nil
}
