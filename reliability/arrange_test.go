package reliability_test

import (
	"fmt"
	"time"

	"alpemix-collector/simulator"
)

// replaced makes a row of what somebody does to ClickHouse or the state file at restarts at noon and at two.
func replaced(name, finding string, change func(*scenario)) fault {
	return fault{
		part: "ClickHouse", name: name, metric: fmt.Sprintf("alpemix_findings_total{finding=%q}", finding), kept: keptAll,
		arrange: func(sc *scenario) {
			l := sc.lives[0]
			sc.lives = nil
			for _, length := range []time.Duration{3 * time.Hour, 2 * time.Hour, 2 * time.Hour} {
				l.length, l.pause = length, 2*time.Minute // an older state file does not know the last requests
				sc.lives = append(sc.lives, l)
			}
			sc.lives = append(sc.lives, life{tail: true, zones: l.zones, every: everyQuarter})
			sc.tail = sc.start.Add(8 * time.Hour)
			change(sc)
		},
	}
}

// lateRecoveries are faults after each of which a day can still be read in its last minutes.
var lateRecoveries = []struct {
	name, reason string
	fault        simulator.Fault
}{
	{"nobody listens", "connect_refused", simulator.Fault{Err: simulator.ErrRefused}},
	{"HTTP 302", "redirect", simulator.Fault{Status: 302}},
	{"HTTP 403", "http_403", simulator.Fault{Status: 403}},
	{"HTTP 404", "http_4xx", simulator.Fault{Status: 404}},
	{"error number 100", "step_missing", simulator.Fault{ErrorNumber: 100}},
	{"error number 107", "unknown_request", simulator.Fault{ErrorNumber: 107}},
	{"error number 200", "bad_credentials", simulator.Fault{ErrorNumber: 200}},
	{"error number 203", "token_invalid", simulator.Fault{ErrorNumber: 203}},
	{"error number 204", "token_limit_blocked", simulator.Fault{ErrorNumber: 204}},
	{"error number 205", "report_limit", simulator.Fault{ErrorNumber: 205}},
	{"a web page", "html_answer", simulator.Fault{Page: simulator.MaintenancePage}},
}

// afterMidnight makes a row of what the requests for Monday's report meet from midnight to ten in the evening, where nothing else is wrong.
func afterMidnight(name, log string, f simulator.Fault) fault {
	f.Only = simulator.YesterdayReport
	return fault{
		part: "The vendor", name: name, metric: `alpemix_findings_total{finding="day_in_doubt"}`, log: log, kept: keptAll,
		arrange: func(sc *scenario) {
			sc.weather[0].until, sc.weather[1].until = monday.Add(15*time.Hour), monday.Add(37*time.Hour)
			sc.weather[1].faults, sc.weather[1].faultRate = []simulator.Fault{f}, 1
			sc.lives[0].length = 38 * time.Hour
			sc.tail = monday.Add(sc.lives[0].length)
		},
	}
}

// away lets the vendor be away from noon.
func away(f simulator.Fault, length time.Duration) func(*scenario) {
	return func(sc *scenario) {
		sc.weather[0].until, sc.weather[1].until = monday.Add(3*time.Hour), monday.Add(3*time.Hour+length)
		sc.weather[1].faults, sc.weather[1].faultRate = []simulator.Fault{f}, 1
		sc.lives[0].length = 3*time.Hour + length + time.Hour
		sc.tail = monday.Add(sc.lives[0].length)
	}
}

// stopped lets nobody start the process again at noon.
func stopped(length time.Duration) func(*scenario) {
	return func(sc *scenario) {
		sc.lives[0].length, sc.lives[0].pause = 3*time.Hour, length
		sc.tail = monday.Add(3*time.Hour + length)
	}
}

func clockIs(name string, skew time.Duration, k kept, log string) fault {
	return fault{part: "This machine", name: "the clock is " + name + ", until it is set right", log: log, kept: k, arrange: func(sc *scenario) {
		sc.lives[0].skew = skew
	}}
}
