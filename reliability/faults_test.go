package reliability_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// fault is a row of the fault matrix in docs/reliability.md: it is played, and what the row says is judged.
type fault struct {
	part, name string
	arrange    func(*scenario)
	metric     string // that rises; empty if nothing has to be seen, because nothing is wrong with the data
	log        string // that is written, if any
	kept       kept
}

// kept is what becomes of the data.
type kept string

const (
	keptAll   kept = "everything"
	keptShown kept = "everything that was read; the connections that nobody could read are lost, and their day is a `gap`"
)

// The matrix's desk opens on a Monday at nine. What fails does so for four hours from ten o'clock.
var (
	istanbul = location("Europe/Istanbul")
	// A little after the second: clickhouse-go waits for itself for ever if its pool is closed at the moment of its minute's tick.
	monday = time.Date(2026, 7, 6, 9, 0, 0, 123456789, istanbul)
)

func quietScenario(arrange func(*scenario)) *scenario {
	zones := []string{istanbul.String()}
	sc := &scenario{
		seed: 1, start: monday, scope: "ip", accounts: []account{{"main", istanbul}}, window: time.Hour,
		world: simulator.World{Seed: 1, PerWorkday: 60, HourlyMinimum: 1},
		weather: []epoch{
			{until: monday.Add(time.Hour), ip: "192.0.2.10"}, {until: monday.Add(5 * time.Hour), ip: "192.0.2.10"}, {until: monday.Add(1000 * time.Hour), ip: "192.0.2.10"},
		},
		lives: []life{
			{length: 6 * time.Hour, zones: zones, every: time.Minute},
			{tail: true, zones: zones, every: everyQuarter},
		},
		tail: monday.Add(6 * time.Hour),
	}
	arrange(sc)
	return sc
}

// during makes a row of what happens from ten to two.
func during(part, name, metric, log string, change func(*epoch)) fault {
	return fault{part: part, name: name, metric: metric, log: log, kept: keptAll, arrange: func(sc *scenario) { change(&sc.weather[1]) }}
}

// vendorFails makes a row of something that every request meets from ten to two.
func vendorFails(name, reason, log string, f simulator.Fault) fault {
	return during("The vendor", name, fmt.Sprintf("alpemix_request_failures_total{reason=%q}", reason), log, func(e *epoch) {
		e.faults, e.faultRate = []simulator.Fault{f}, 1
	})
}

// reportFails makes a row of something that every request for a report meets, while tokens are granted.
func reportFails(name, reason, log string, f simulator.Fault) fault {
	f.Only = simulator.ReportRequests
	return vendorFails(name, reason, log, f)
}

// number makes a row of an error number of alpemix.txt.
func number(n int, reason string) fault {
	return vendorFails(fmt.Sprintf("error number %d", n), reason, fmt.Sprintf("error %d", n), simulator.Fault{ErrorNumber: n})
}

func faults() []fault {
	all := []fault{
		vendorFails("nobody listens", "connect_refused", "the connection is refused", simulator.Fault{Err: simulator.ErrRefused}),
		vendorFails("the connection breaks before the answer", "connection_lost", "the connection was closed before an answer came", simulator.Fault{Lost: simulator.ErrReset}),
		vendorFails("no answer comes", "timeout", "no complete answer in time", simulator.Fault{Lag: time.Hour}),
		vendorFails("the answer is cut and the connection breaks", "body_cut", "the report ended early", simulator.Fault{Cut: 400}),
		vendorFails("the answer is cut as if it were whole", "truncated", "", simulator.Fault{Cut: 400, CutQuietly: true}),
		vendorFails("a page of maintenance, with HTTP 200", "html_answer", "a web page, not JSON", simulator.Fault{Page: simulator.MaintenancePage}),
		during("The vendor", "the connection stays open behind a complete answer", `alpemix_quirks_total{quirk="transport_end"}`, "", func(e *epoch) {
			e.faults, e.faultRate = []simulator.Fault{{KeepOpen: true}}, 1
		}),
		vendorFails("HTTP 502", "http_5xx", "", simulator.Fault{Status: 502}),
		number(100, "step_missing"), number(101, "step_wrong"), number(102, "bad_credentials"), number(103, "server_error"),
		number(104, "unsafe_credentials"), number(105, "token_not_created"), number(106, "bad_request"), number(107, "unknown_request"),
		number(108, "server_database"), number(200, "bad_credentials"), number(201, "token_ip_changed"), number(202, "token_expired"),
		number(203, "token_invalid"), number(204, "token_limit_blocked"), number(205, "report_limit"), number(999, "unknown_error"),
		reportFails("error number 201 for every new token", "token_ip_changed", "error 201", simulator.Fault{ErrorNumber: 201}),
		reportFails("error number 202 for every new token", "token_expired", "error 202", simulator.Fault{ErrorNumber: 202}),
		reportFails("error number 203 for every new token", "token_invalid", "error 203", simulator.Fault{ErrorNumber: 203}),
		reportFails("error number 205 although we keep the limits", "report_limit", "error 205", simulator.Fault{ErrorNumber: 205}),
		during("The vendor", "documents that are no report, such as one under another key",
			`alpemix_request_failures_total{reason="unexpected_envelope"}`, "seen {errornumber: 0", func(e *epoch) {
				e.faultRate = 1
				for _, page := range simulator.WrongEnvelopes() {
					e.faults = append(e.faults, simulator.Fault{Only: simulator.ReportRequests, Page: page})
				}
			}),
		during("The vendor", "it writes the connections of one report in two ways", `alpemix_quirks_total{quirk="charset_windows_1254"}`, "", func(e *epoch) {
			e.quirks.Mixed = true
		}),
		afterMidnight("yesterday's report is empty until ten in the evening", "does not seal that day", simulator.Fault{Rows: -1}),
		afterMidnight("yesterday's report is far too short until ten in the evening", "does not seal that day", simulator.Fault{Rows: 3}),
		{
			part: "The vendor", name: "its day stands still for two days", metric: "alpemix_gaps_total", log: "does not seal that day",
			kept: keptShown, arrange: func(sc *scenario) {
				away(simulator.Fault{}, 60*time.Hour)(sc)
				sc.weather[1].faultRate = 0
				sc.weather[1].quirks.StandsAt = report.DayOf(monday)
			},
		},
		during("The vendor", "our address changes", `alpemix_request_failures_total{reason="token_ip_changed"}`, "", func(e *epoch) { e.ip = "192.0.2.11" }),
		during("The vendor", "it writes its answers in another way from one poll to the next", `alpemix_quirks_total{quirk="unescaped_backslashes"}`, "", func(e *epoch) {
			e.quirks = simulator.Quirks{RawBackslashes: true, RawControls: true, Dur: simulator.DurPlain}
		}),
		{part: "The vendor", name: "connections vanish from its report", kept: keptAll, arrange: func(sc *scenario) {
			for i := range sc.weather {
				sc.weather[i].quirks.Vanish = 0.2
			}
		}},
		{part: "The vendor", name: "its day turns an hour late", log: "does not seal that day", kept: keptAll, arrange: func(sc *scenario) {
			sc.quirks.FlipDelay = time.Hour
			for i := range sc.weather {
				sc.weather[i].quirks.FlipDelay = time.Hour
			}
		}},
		{
			part: "The vendor", name: "unreachable from Monday noon to Tuesday noon", metric: `alpemix_request_failures_total{reason="connect_refused"}`,
			kept: keptAll, arrange: away(simulator.Fault{Err: simulator.ErrRefused}, 24*time.Hour),
		},
		{
			part: "The vendor", name: "unreachable for three days", metric: "alpemix_gaps_total", log: "day lost", kept: keptShown,
			arrange: away(simulator.Fault{Err: simulator.ErrRefused}, 72*time.Hour),
		},
	}
	for _, f := range lateRecoveries {
		all = append(all, fault{
			part: "The vendor", name: f.name + ", from Monday noon to 25 minutes before the end of Tuesday",
			metric: fmt.Sprintf("alpemix_request_failures_total{reason=%q}", f.reason), kept: keptAll,
			arrange: away(f.fault, 35*time.Hour+35*time.Minute),
		})
	}
	for _, f := range chFaults {
		all = append(all, during("ClickHouse", f.name, fmt.Sprintf("sink_insert_failures_total{reason=%q}", f.reason), "writing to ClickHouse failed", func(e *epoch) {
			e.clickhouse, e.chRate = f, 1
		}))
	}
	all = append(all, during("ClickHouse", "its power is cut, and acknowledged rows are gone", "", "what was missing is written again", func(e *epoch) { e.powerCut = true }))
	all = append(all,
		replaced("it is emptied, or another one takes its place", "other_database", func(sc *scenario) {
			sc.lives[1].emptied = true
		}),
		replaced("an older copy of it is restored", "rows_missing", func(sc *scenario) {
			sc.lives[2].clickhouseOf = 1
		}),
		replaced("it is emptied, and an older copy of the state file is restored", "other_database", func(sc *scenario) {
			sc.lives[2].emptied, sc.lives[2].stateOf = true, 1
		}),
		fault{
			part: "ClickHouse", name: "it is newer than the state file, of which an older copy is restored", log: "knows more of these days", kept: keptAll,
			arrange: func(sc *scenario) {
				first := sc.lives[0]
				sc.lives = nil
				for range 2 {
					first.length, first.pause = 5*24*time.Hour, 2*time.Minute
					sc.lives = append(sc.lives, first)
				}
				first.length, first.stateOf = time.Hour, 1
				sc.lives[0].length = 26 * time.Hour
				sc.lives = append(sc.lives, first, life{tail: true, zones: first.zones, every: everyQuarter})
				sc.tail = sc.start.Add(7 * 24 * time.Hour)
			},
		},
	)
	for _, d := range []diskFault{diskFull, diskReadOnly} {
		all = append(all, during("This machine", "the disk is "+d.name, `alpemix_request_failures_total{reason="state"}`, d.text, func(e *epoch) {
			e.disk, e.diskRate = d, 1
		}))
	}
	return append(all,
		fault{part: "This machine", name: "the disk is full when the collector is started", log: "collecting cannot start", kept: keptAll, arrange: func(sc *scenario) {
			sc.weather[0].disk, sc.weather[0].diskRate = diskFull, 1
		}},
		during("This machine", "it sleeps for four hours", `alpemix_request_failures_total{reason="timeout"}`, "no complete answer in time", func(e *epoch) { e.suspended = true }),
		clockIs("ten minutes ahead", 10*time.Minute, keptAll, ""),
		clockIs("ten minutes behind", -10*time.Minute, keptAll, ""),
		clockIs("a day ahead", 24*time.Hour, keptAll, "is the vendor's clock behind"),
		clockIs("30 hours behind", -30*time.Hour, keptAll, "quarantined"),
		fault{part: "This machine", name: "the clock is set forward and back at restarts, within the minute", log: "connections start in the future", kept: keptAll, arrange: func(sc *scenario) {
			l := sc.lives[0]
			sc.lives = nil
			for i := range 120 {
				l.length, l.pause, l.skew = 10*time.Second, time.Second, time.Duration(i%3-1)*time.Hour
				sc.lives = append(sc.lives, l)
			}
			sc.lives = append(sc.lives, life{tail: true, zones: l.zones, every: everyQuarter})
		}},
		fault{part: "The process", name: "killed before or after each of its first hundred effects", kept: keptAll, arrange: func(sc *scenario) {
			l := sc.lives[0]
			sc.lives = nil
			for i := range 200 {
				l.length, l.pause, l.deathAt, l.after = 5*time.Minute, 30*time.Second, 1+i/2, i%2 == 1
				sc.lives = append(sc.lives, l)
			}
			sc.tail = sc.start.Add(20 * time.Hour)
			sc.lives = append(sc.lives, life{tail: true, zones: l.zones, every: everyQuarter})
		}},
		fault{part: "The process", name: "not running from Monday noon to Tuesday noon", kept: keptAll, arrange: stopped(24 * time.Hour)},
		fault{part: "The process", name: "not running for three days", metric: "alpemix_gaps_total", log: "day lost", kept: keptShown, arrange: stopped(72 * time.Hour)},
		fault{part: "The process", name: "restarted every eleven seconds", kept: keptAll, arrange: func(sc *scenario) {
			l := sc.lives[0]
			sc.lives = nil
			for range 300 {
				l.length, l.pause = 10*time.Second, time.Second
				sc.lives = append(sc.lives, l)
			}
			sc.lives = append(sc.lives, life{tail: true, zones: l.zones, every: everyQuarter})
		}},
		fault{
			part: "The configuration", name: "a wrong secret key, until it is corrected", metric: `alpemix_request_failures_total{reason="bad_credentials"}`,
			log: "error 200", kept: keptAll, arrange: func(sc *scenario) { sc.lives[0].wrongKey = true },
		},
		fault{
			part: "The configuration", name: "a wrong time zone, until it is corrected", log: "the account's time zone has changed", kept: keptAll,
			arrange: func(sc *scenario) { sc.lives[0].zones = []string{"Europe/Berlin"} },
		},
	)
}

// TestFaults plays the fault matrix.
func TestFaults(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.part+"/"+f.name, func(t *testing.T) {
			t.Parallel()
			s := newSimulation(t, quietScenario(f.arrange))
			defer s.end()
			s.secrets.keep = true
			for _, l := range s.scenario.lives {
				s.live(l)
				if l.emptied || l.clickhouseOf > 0 {
					s.judgeRestored()
				}
			}
			s.judge()
			if f.metric != "" && s.rose[f.metric] == 0 {
				t.Errorf("%s has not risen; what has: %v", f.metric, s.rose)
			}
			log := s.secrets.wrote.String()
			if f.quiet() && (strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR")) {
				t.Errorf("the matrix says that nothing is seen; the log says:\n%s", log)
			}
			if !strings.Contains(log, f.log) {
				t.Errorf("the log does not say %q:\n%s", f.log, log)
			}
			f.judgeKept(t, s)
			if t.Failed() {
				t.Logf("%s\nplay it again: go test ./reliability -run '^%s$'", &s.trace, strings.ReplaceAll(regexp.QuoteMeta(t.Name()), "/", "$/^"))
			}
		})
	}
}

func (f *fault) judgeKept(t *testing.T, s *simulation) {
	day, gaps := report.DayOf(monday), 0
	for _, d := range s.clickhouse.days {
		if d.State == report.DayGap && d.Day >= day-1 { // what was before the collector is not its to keep
			gaps++
		}
	}
	if f.kept == keptShown {
		if gaps == 0 {
			t.Error("no day is a gap")
		}
		return
	}
	if gaps > 0 {
		t.Errorf("%d days are gaps", gaps)
	}
	// Of Monday, which ended in the tail at the latest, nothing is missing.
	stored := 0
	for _, conn := range s.clickhouse.day("main", day) {
		if conn.LocalDay == day {
			stored++
		}
	}
	if truth := len(s.vendor.Truth("main", day, day, s.physical)); stored != truth || truth == 0 {
		t.Errorf("%d connections of Monday are stored, %d were", stored, truth)
	}
	if state := s.clickhouse.days[dayKey{"main", day}].State; state != report.DaySealed {
		t.Errorf("Monday is %q", state)
	}
}

// TestRejectedByAWrongClock: what could not be true by a clock that was behind is read again once the clock is right, although the day
// is one that the collector knew before.
func TestRejectedByAWrongClock(t *testing.T) {
	s := newSimulation(t, quietScenario(func(sc *scenario) {
		l := sc.lives[0]
		sc.lives = nil
		for _, skew := range []time.Duration{0, -30 * time.Hour, 0} {
			l.length, l.skew = time.Hour, skew
			sc.lives = append(sc.lives, l)
		}
	}))
	defer s.end()
	for _, l := range s.scenario.lives {
		s.live(l)
	}
	if len(s.clickhouse.rejects) == 0 {
		t.Fatal("nothing was rejected: the clock was not behind enough to show anything")
	}
	for session, told := range s.book.sessions {
		if told.must == nil {
			continue
		}
		if conn := s.scenario.world.Connection(session, &told.must.Reply, told.must.zone); s.clickhouse.live[uidKey{"main", conn.UID}] != 1 {
			t.Errorf("connection %s of %s is not stored", conn.UID, stamp(conn.StartedAt))
		}
	}
}
