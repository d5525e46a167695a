package collector

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestCapacityFollowsFromAccountsAndLimits(t *testing.T) {
	for _, tc := range []struct {
		name     string
		accounts int
		reports  int
		window   time.Duration
		today    string
		own      bool // each account has limits of its own
		every    time.Duration
		stale    bool
		loses    bool
		says     string
	}{
		{"one", 1, 3, time.Minute, "@every 20s", false, 20 * time.Second, false, false, "about every 20s"},
		{"two", 2, 3, time.Minute, "@every 20s", false, 40 * time.Second, true, false, "not every 20s"},
		{"two, seldom", 2, 3, time.Minute, "@every 5m", false, 5 * time.Minute, false, false, "about every 5m0s"},
		{"five hundred", 500, 3, time.Minute, "@every 20s", false, 10_000 * time.Second, true, false, "about every 2h47m0s"},
		{"five hundred with limits of their own", 500, 3, time.Minute, "@every 20s", true, 20 * time.Second, false, false, "today is read about every 20s"},
		{"more than a day allows", 5000, 3, time.Minute, "@every 20s", false, 100_000 * time.Second, true, true, "days can be lost"},
		{"a share of the limits", 100, 1, 10 * time.Minute, "@hourly", false, 1000 * time.Minute, true, true, "days can be lost"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var accounts []Account
			for i := range tc.accounts {
				a := Account{Name: fmt.Sprint(i), Location: istanbul, Scope: "ip", Today: tc.today, Rate: Rate{tc.reports, tc.window}}
				if tc.own {
					a.Scope = a.Name
				}
				accounts = append(accounts, a)
			}
			all, err := CapacityOf(accounts, time.Date(2026, 7, 6, 12, 0, 0, 0, time.UTC))
			if err != nil || len(all) == 0 {
				t.Fatal(all, err)
			}
			c := all[0]
			if diff := c.Every - tc.every; diff < -time.Second || diff > time.Second || c.Stale() != tc.stale || c.Loses() != tc.loses {
				t.Errorf("%+v, stale %v, loses %v", c, c.Stale(), c.Loses())
			}
			if !strings.Contains(c.String(), tc.says) {
				t.Error(c)
			}
			if tc.own && len(all) != tc.accounts {
				t.Errorf("%d scopes", len(all))
			}
		})
	}
}

func TestTheStartSaysWhatTheLimitsLeave(t *testing.T) {
	for _, tc := range []struct {
		accounts int
		want     string
	}{{1, ""}, {5, "level=WARN"}, {5000, "level=ERROR"}} {
		var log strings.Builder
		o := &observer{log: slog.New(slog.NewTextHandler(&log, nil))}
		window := time.Minute * time.Duration(tc.accounts) / 3
		o.capacity(Capacity{Rate: Rate{3, time.Minute}, Accounts: tc.accounts, Asked: 20 * time.Second, Every: max(20*time.Second, window), Days: window})
		if !strings.Contains(log.String(), tc.want) || (log.Len() > 0) != (tc.want != "") {
			t.Errorf("%d accounts: %q", tc.accounts, log.String())
		}
	}
}
