package web

import (
	"context"
	"strconv"
	"time"

	"alpemix-collector/report"
)

// The page queries the public views. It uses one thread each: the page may be slow, collecting may
// not.
const (
	hoursQuery = `SELECT account, local_day AS day, toStartOfFifteenMinutes(started_at) AS quarter, count() AS n, sum(duration_seconds) AS total
		FROM connections
		WHERE started_at >= toDateTime({since:Int64}, 'UTC') AND local_day >= {from:Date}
		GROUP BY account, day, quarter SETTINGS max_threads = 1`
	daysQuery = `SELECT account, day, sum(connections) AS n, sum(seconds) AS total
		FROM daily_usage WHERE day >= {from:Date} GROUP BY account, day SETTINGS max_threads = 1`
	statesQuery = `SELECT account, day, state FROM days WHERE day >= {from:Date} SETTINGS max_threads = 1`
	staffQuery  = `SELECT account, staff_name, sum(connections) AS n, sum(seconds) AS total, count() OVER (PARTITION BY account) AS staff
		FROM daily_usage WHERE day >= {from:Date} GROUP BY account, staff_name
		ORDER BY account, n DESC, staff_name LIMIT {most:UInt64} BY account SETTINGS max_threads = 1`
	customersQuery = `SELECT customer, resource, connections, seconds, allotted, utilized, ratio,
			max(ratio) OVER (PARTITION BY customer) AS fullest, uniqExact(customer) OVER () AS customers
		FROM usage_vs_allotment WHERE month = {month:Date}
		ORDER BY fullest DESC NULLS LAST, connections DESC, customer, resource LIMIT 500 SETTINGS max_threads = 1`
	quarantineQuery = `SELECT vendor, account, reason, count() AS n, min(at) AS oldest
		FROM quarantine WHERE resolved_at IS NULL
		GROUP BY vendor, account, reason ORDER BY n DESC, vendor, account, reason LIMIT 50 SETTINGS max_threads = 1`
)

// Selector is the part of ClickHouse's client that ReadUsage needs.
type Selector interface {
	Select(ctx context.Context, rows any, statement string, parameters map[string]string) error
}

// AccountZone is an account's name and time zone.
type AccountZone struct {
	Name     string
	Location *time.Location
}

// ReadUsage returns the usage that the page shows for accounts at now.
func ReadUsage(ctx context.Context, db Selector, accounts []AccountZone, now time.Time) (*Usage, error) {
	u := &Usage{Accounts: []AccountUsage{}}
	byName := map[string]*AccountUsage{}
	first := report.DayOf(now.UTC()) // the earliest "today" of all accounts
	for i := range accounts {
		a := emptyUsage(accounts[i], now)
		u.Accounts = append(u.Accounts, a)
		first = min(first, a.Today)
	}
	for i := range u.Accounts {
		byName[u.Accounts[i].Name] = &u.Accounts[i]
	}
	for _, read := range []func() error{
		func() error { return readHours(ctx, db, byName, first) },
		func() error { return readDays(ctx, db, byName, first) },
		func() error { return readStates(ctx, db, byName, first) },
		func() error { return readStaff(ctx, db, byName, first) },
		func() error { return readCustomers(ctx, db, u, now) },
		func() error { return readQuarantine(ctx, db, u) },
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// emptyUsage returns an account without any rows in ClickHouse.
func emptyUsage(account AccountZone, now time.Time) AccountUsage {
	zone := account.Location
	a := AccountUsage{Name: account.Name, Today: report.DayOf(now.In(zone)), Staff: []StaffUse{}}
	end := (a.Today + 1).Start(zone)
	for start := a.Today.Start(zone); start.Before(end) && !start.After(now); start = start.Add(time.Hour) {
		a.Hours = append(a.Hours, HourUse{Start: start.In(zone)})
	}
	for day := a.Today - DaysShown + 1; day <= a.Today; day++ {
		a.Days = append(a.Days, DayUse{Day: day, State: DayNotCollected})
	}
	return a
}

func readHours(ctx context.Context, db Selector, accounts map[string]*AccountUsage, first report.Day) error {
	var rows []struct {
		Account string    `ch:"account"`
		Day     time.Time `ch:"day"`
		Quarter time.Time `ch:"quarter"`
		N       uint64    `ch:"n"`
		Total   uint64    `ch:"total"`
	}
	// The range by time limits the query to a few partitions; no zone is more than 14 hours from
	// UTC.
	since := first.UTC().Add(-24 * time.Hour).Unix()
	err := db.Select(ctx, &rows, hoursQuery, map[string]string{"since": strconv.FormatInt(since, 10), "from": first.String()})
	if err != nil {
		return err
	}
	for _, r := range rows {
		a := accounts[r.Account]
		if a == nil || report.DayOf(r.Day) != a.Today || len(a.Hours) == 0 {
			continue
		}
		// A connection that started after now has a wrong clock: count it for the current hour.
		hour := min(max(int(r.Quarter.Sub(a.Hours[0].Start)/time.Hour), 0), len(a.Hours)-1)
		a.Hours[hour].Connections += r.N
		a.Hours[hour].Seconds += r.Total
	}
	return nil
}

// day returns the entry of a day in an account's last days, or nil if it is not one of them.
func day(accounts map[string]*AccountUsage, account string, at time.Time) *DayUse {
	a := accounts[account]
	if a == nil {
		return nil
	}
	i := int(report.DayOf(at) - a.Days[0].Day)
	if i < 0 || i >= len(a.Days) {
		return nil
	}
	return &a.Days[i]
}

// from returns the query parameters for the last days up to today.
func from(first report.Day, days report.Day) map[string]string {
	return map[string]string{"from": (first - days + 1).String(), "most": strconv.Itoa(StaffShown)}
}

func readDays(ctx context.Context, db Selector, accounts map[string]*AccountUsage, first report.Day) error {
	var rows []struct {
		Account string    `ch:"account"`
		Day     time.Time `ch:"day"`
		N       uint64    `ch:"n"`
		Total   uint64    `ch:"total"`
	}
	if err := db.Select(ctx, &rows, daysQuery, from(first, DaysShown)); err != nil {
		return err
	}
	for _, r := range rows {
		if d := day(accounts, r.Account, r.Day); d != nil {
			d.Use = Use{Connections: r.N, Seconds: r.Total}
		}
	}
	return nil
}

func readStates(ctx context.Context, db Selector, accounts map[string]*AccountUsage, first report.Day) error {
	var rows []struct {
		Account string    `ch:"account"`
		Day     time.Time `ch:"day"`
		State   string    `ch:"state"`
	}
	if err := db.Select(ctx, &rows, statesQuery, from(first, DaysShown)); err != nil {
		return err
	}
	for _, r := range rows {
		if d := day(accounts, r.Account, r.Day); d != nil {
			d.State = r.State
		}
	}
	return nil
}

func readStaff(ctx context.Context, db Selector, accounts map[string]*AccountUsage, first report.Day) error {
	var rows []struct {
		Account string `ch:"account"`
		Name    string `ch:"staff_name"`
		N       uint64 `ch:"n"`
		Total   uint64 `ch:"total"`
		Staff   uint64 `ch:"staff"`
	}
	if err := db.Select(ctx, &rows, staffQuery, from(first, StaffDays)); err != nil {
		return err
	}
	for _, r := range rows {
		if a := accounts[r.Account]; a != nil {
			a.Staff = append(a.Staff, StaffUse{Name: r.Name, Use: Use{Connections: r.N, Seconds: r.Total}})
			a.StaffCount = r.Staff
		}
	}
	return nil
}

func readCustomers(ctx context.Context, db Selector, u *Usage, now time.Time) error {
	var rows []struct {
		Customer    string   `ch:"customer"`
		Resource    string   `ch:"resource"`
		Connections uint64   `ch:"connections"`
		Seconds     uint64   `ch:"seconds"`
		Allotted    *float64 `ch:"allotted"`
		Utilized    *float64 `ch:"utilized"`
		Ratio       *float64 `ch:"ratio"`
		Fullest     *float64 `ch:"fullest"`
		Customers   uint64   `ch:"customers"`
	}
	month := now.UTC()
	u.Month = report.DayOf(month.AddDate(0, 0, 1-month.Day()))
	u.Customers = []Customer{}
	if err := db.Select(ctx, &rows, customersQuery, map[string]string{"month": u.Month.String()}); err != nil {
		return err
	}
	for _, r := range rows {
		u.CustomerCount = r.Customers
		if last := len(u.Customers) - 1; last < 0 || u.Customers[last].Name != r.Customer {
			if len(u.Customers) == CustomersShown {
				break
			}
			u.Customers = append(u.Customers, Customer{
				Name: r.Customer, Allotments: []Allotment{}, Use: Use{Connections: r.Connections, Seconds: r.Seconds},
			})
		}
		if r.Resource != "" {
			c := &u.Customers[len(u.Customers)-1]
			c.Allotments = append(c.Allotments, Allotment{Resource: r.Resource, Allotted: r.Allotted, Utilized: r.Utilized, Ratio: r.Ratio})
		}
	}
	return nil
}

func readQuarantine(ctx context.Context, db Selector, u *Usage) error {
	var rows []struct {
		Vendor  string    `ch:"vendor"`
		Account string    `ch:"account"`
		Reason  string    `ch:"reason"`
		N       uint64    `ch:"n"`
		Oldest  time.Time `ch:"oldest"`
	}
	u.Quarantine = []Quarantined{}
	if err := db.Select(ctx, &rows, quarantineQuery, nil); err != nil {
		return err
	}
	for _, r := range rows {
		u.Quarantine = append(u.Quarantine, Quarantined{Vendor: r.Vendor, Account: r.Account, Reason: r.Reason, Rows: r.N, Oldest: r.Oldest.UTC()})
	}
	return nil
}
