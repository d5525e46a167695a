package main

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"

	"alpemix-collector/internal/config"
)

// reloading is what SIGHUP reads again. Everything is prepared first: when one file is wrong, nothing changes.
type reloading struct {
	*daemon
	load    func() (*config.Config, error)
	current *config.Config // with the secrets in use
	// reloaders are the parts that hold what files say, in the order in which they take over.
	reloaders []reloader
}

// reloader prepares what a part takes over from a configuration with new secrets. No error of it shows one.
type reloader func(renewed *config.Config) (commit func() (changed []string, err error), err error)

func (d *daemon) newReloading(load func() (*config.Config, error)) *reloading {
	return &reloading{d, load, d.config, []reloader{d.renewCustomers, d.renewAlpemix, d.renewResellers, d.renewWebhook, d.target.Renew}}
}

// run reloads at each of hangups until ctx ends.
func (r *reloading) run(ctx context.Context, hangups <-chan os.Signal) {
	for {
		select {
		case <-hangups:
			r.reload()
		case <-ctx.Done():
			return
		}
	}
}

// reload logs what changed, by the names of keys and files, or why nothing did.
func (r *reloading) reload() {
	changed, ignored, err := r.renew()
	if len(ignored) > 0 {
		r.log.Warn("SIGHUP rereads only secrets and lists; these keys changed too and need a restart", "keys", strings.Join(ignored, ", "))
	}
	switch {
	case err != nil && len(changed) == 0:
		r.log.Error("nothing was reloaded, neither secrets nor lists: correct this and send SIGHUP again", "err", oneLine(err))
	case err != nil:
		r.log.Error("not everything was reloaded", "changed", strings.Join(changed, ", "), "err", oneLine(err))
	case len(changed) == 0:
		r.log.Info("reloaded: no secret or list has changed")
	default:
		r.log.Info("reloaded", "changed", strings.Join(changed, ", "))
	}
}

func (r *reloading) renew() (changed, ignored []string, err error) {
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

func (d *daemon) renewCustomers(*config.Config) (func() ([]string, error), error) {
	if err := d.jobs.CheckCustomers(); err != nil {
		return nil, err
	}
	return func() ([]string, error) {
		changed, err := d.jobs.ReadCustomers()
		if !changed {
			return nil, err
		}
		return []string{d.config.CustomersFile}, err
	}, nil
}

func (d *daemon) renewAlpemix(renewed *config.Config) (func() ([]string, error), error) {
	var commits []func()
	for i := range renewed.Alpemix.Accounts {
		a := &renewed.Alpemix.Accounts[i]
		fetcher := d.fetchers[a.Name]
		if fetcher.secret == a.SecretKey.Reveal() {
			continue
		}
		client, err := newClient(renewed, a, d.state)
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

func (d *daemon) renewResellers(renewed *config.Config) (func() ([]string, error), error) {
	newer, err := resellerAccounts(renewed, func(string) http.RoundTripper { return nil })
	if err != nil {
		return nil, err
	}
	var commits []func()
	var lists []string
	for i, a := range d.resellers { // in the same order: Renew adds and removes no account
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
			d.jobs.Retry(a.Vendor, a.Name)
		})
	}
	return func() ([]string, error) {
		_, _ = all(commits)()
		return lists, nil
	}, nil
}

func (d *daemon) renewWebhook(renewed *config.Config) (func() ([]string, error), error) {
	receiver, err := newWebhook(&renewed.Reseller.Webhook)
	if err != nil || receiver == nil {
		return all(nil), err
	}
	return all([]func(){func() { d.webhook.Store(&receiver) }}), nil
}
