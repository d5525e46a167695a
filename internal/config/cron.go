package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const cronExample = "for example \"@every 20s\" or \"5 0,6,12 * * *\""

// checkCron accepts what robfig/cron accepts, less its traps: a lone TZ= panics it, an impossible date such as 31 February
// never runs and never says so, and @every below a second is silently a second.
func checkCron(value, _ string) string {
	if strings.Contains(value, "TZ=") {
		return fmt.Sprintf("%q names a zone; the zone is the account's timezone, leave TZ= out", value)
	}
	schedule, err := cron.ParseStandard(value)
	if err != nil {
		return fmt.Sprintf("%q is not a cron expression (%s); %s", value, strings.TrimSpace(err.Error()), cronExample)
	}
	if every, ok := strings.CutPrefix(value, "@every "); ok {
		if d, err := time.ParseDuration(every); err != nil || d < time.Second {
			return fmt.Sprintf("%q is too often; the least is \"@every 1s\"", value)
		}
	}
	if schedule.Next(time.Now()).IsZero() {
		return fmt.Sprintf("%q never runs: there is no such date; %s", value, cronExample)
	}
	return ""
}

// gapsLooked is how many wakings of a schedule are looked at: of one that wakes every minute, more than a day.
const gapsLooked = 2000

// longestGap is the longest time between two wakings of a checked cron expression, where no clock is changed.
func longestGap(expression string) (longest time.Duration) {
	schedule := parsed(expression)
	at := schedule.Next(time.Now().UTC())
	for range gapsLooked {
		next := schedule.Next(at)
		if next.IsZero() {
			break
		}
		longest, at = max(longest, next.Sub(at)), next
	}
	return longest
}

// Next is when a checked cron expression wakes next after from, in from's zone.
func Next(expression string, from time.Time) time.Time { return parsed(expression).Next(from) }

func parsed(expression string) cron.Schedule {
	schedule, err := cron.ParseStandard(expression)
	if err != nil { // the expression was checked when the configuration was read
		panic("config: " + err.Error())
	}
	return schedule
}
