package config

import (
	"cmp"
	"net"
	"net/url"
	"time"
)

// relations checks what one key says about another.
func (l *loader) relations(c *Config) error {
	if err := l.clickhouse(&c.ClickHouse); err != nil {
		return err
	}
	if err := l.listens(c); err != nil {
		return err
	}
	if err := l.alpemix(&c.Alpemix); err != nil {
		return err
	}
	return l.reseller(&c.Reseller)
}

func (l *loader) clickhouse(c *ClickHouse) error {
	section := place{}.key("clickhouse")
	if c.DSN.hasPassword() && !c.Password.Empty() {
		return l.errorf(section.key("dsn"), "holds a password, and password or password_file is given too; give one of them")
	}
	if name := c.DSN.database(); name != "" && name != c.Database {
		return l.errorf(section.key("database"), "%q is not the database of clickhouse.dsn, %q; give one of them", c.Database, name)
	}
	if c.DSN.Embedded() && c.Cluster != "" {
		return l.errorf(section.key("cluster"), "the embedded engine is one server; a cluster needs clickhouse.dsn to name a server")
	}
	if c.DSN.Embedded() && !c.Password.Empty() {
		return l.errorf(section.key("dsn"), "the embedded engine has no users; leave password and password_file out")
	}
	return nil
}

func (l *loader) alpemix(c *Alpemix) error {
	section := place{}.key("alpemix")
	l.plainHTTP(c.Endpoint, section.key("endpoint"), "the secret key")
	limits := section.key("limits")
	if c.Limits.Reports > 3 && c.Limits.Window <= Duration(time.Minute) {
		l.warnf(limits.key("reports"), "alpemix.txt allows 3 report requests a minute; the vendor refuses more (error 205)")
	}
	if c.Limits.Tokens > 5 && c.Limits.Window <= Duration(time.Minute) {
		l.warnf(limits.key("tokens"), "alpemix.txt allows 5 token requests a minute; the vendor then blocks the IP address (error 204)")
	}
	schedule := section.key("schedule")
	if gap := longestGap(c.Schedule.Today); gap > time.Hour {
		l.warnf(schedule.key("today"), "%q leaves up to %s between two reads; connections show up that late, and the last of a day only in the next day's read", c.Schedule.Today, Duration(gap))
	}
	if gap := longestGap(c.Schedule.Yesterday); gap > 24*time.Hour {
		l.warnf(schedule.key("yesterday"), "%q leaves up to %s between two reads; the vendor serves a day for one more day only, so days would be lost", c.Schedule.Yesterday, Duration(gap))
	}
	return cmp.Or(unique(l, section, c.Accounts), twins(l, section, c.Accounts))
}

func (l *loader) reseller(c *Reseller) error {
	section := place{}.key("reseller")
	l.webhook(c, section)
	for _, v := range c.Vendors {
		at, accounts := section.key(v.Name), v.Openers()
		for i, a := range accounts {
			if checked, ok := a.(interface{ Check() (key, problem string) }); ok {
				if key, problem := checked.Check(); problem != "" {
					return l.errorf(at.key("accounts").index(i).key(key), "%s", problem)
				}
			}
		}
		if err := cmp.Or(unique(l, at, accounts), twins(l, at, accounts)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) webhook(c *Reseller, section place) {
	if c.Webhook.URL.Empty() {
		return
	}
	at := section.key("webhook").key("url")
	l.plainHTTP(c.Webhook.URL.Reveal(), at, "customers, and what the address holds,")
	if len(c.Thresholds) == 0 {
		l.warnf(at, "nothing is sent to it; reseller.thresholds is empty")
	}
}

// unique refuses two accounts of one vendor with the same name: nothing would distinguish their rows.
func unique[A account](l *loader, section place, accounts []A) error {
	seen := map[string]int{}
	for i, a := range accounts {
		name := a.Login().Account
		if first, ok := seen[name]; ok {
			return l.errorf(section.key("accounts").index(i).key("name"), "%q is the name of accounts[%d] too; names have to differ", name, first)
		}
		seen[name] = i
	}
	return nil
}

// plainHTTP warns of what would cross a network unencrypted.
func (l *loader) plainHTTP(address string, at place, what string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return
	}
	l.warnf(at, "http://%s is not encrypted; %s would cross the network in the clear", u.Host, what)
}
