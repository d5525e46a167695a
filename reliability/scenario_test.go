package reliability_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// scenario is all that happens to one collector, drawn from a seed: what the vendor is like, what fails when, and when the
// process lives and dies. Times are physical: no clock can be wrong about them.
type scenario struct {
	seed     uint64
	start    time.Time
	accounts []account
	scope    string // of the vendor's limits: ip or account
	world    simulator.World
	quirks   simulator.Quirks // what does not change: the bounds of the vendor's days
	weather  []epoch
	lives    []life
	window   time.Duration // ClickHouse remembers tokens for so long
	tail     time.Time     // from here on nothing fails
}

// account is a customer of the vendor.
type account struct {
	name string
	zone *time.Location // the vendor's
}

// epoch is a spell of the world around the process.
type epoch struct {
	until      time.Time
	faults     []simulator.Fault // of the vendor and the way to it
	faultRate  float64
	quirks     simulator.Quirks
	clickhouse chFault
	chRate     float64
	disk       diskFault
	diskRate   float64
	ip         string
	clock      time.Duration // what the vendor's clock is ahead
	powerCut   bool          // ClickHouse loses what arrived in the last two hours
	suspended  bool          // the machine sleeps: nothing that the process does has an effect before the end
}

// life is one process, from its start to its end.
type life struct {
	tail     bool // the last: nothing fails, and it lasts until all must be in order
	length   time.Duration
	deathAt  int           // it is killed at this effect, if it makes so many; 0: never
	after    bool          // the effect has happened; otherwise it has not
	pause    time.Duration // before the next start
	skew     time.Duration // what our clock is ahead
	zones    []string      // what the configuration says of each account's zone
	wrongKey bool
	every    time.Duration // between reads of today
	names    []string      // of the accounts, if they change

	// What somebody did before this life. Lives are numbered from 1.
	stateOf      int  // the state file is the one that this life left behind
	clickhouseOf int  // ClickHouse holds what it held at the end of this life
	emptied      bool // ClickHouse holds nothing
	stateLost    bool
}

const everyQuarter = 15 * time.Minute

// schedules are the cron specifications of the i-th account. No two accounts wake at one moment, so that a seed plays the same again.
func (l *life) schedules(i int) (today, yesterday string) {
	return fmt.Sprintf("@every %s", l.every+time.Duration(i)*time.Second), fmt.Sprintf("%d 0,3,6,9,12,15,18,21,23 * * *", 7+2*i)
}

var zoneNames = []string{
	"Europe/Istanbul", "Europe/Istanbul", "Europe/Berlin", "America/Santiago", "America/Havana", "Asia/Beirut", "Africa/Cairo",
	"Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "UTC",
}

func newScenario(seed uint64) *scenario {
	r := draw(seed, "scenario", 0)
	sc := &scenario{
		seed: seed, scope: pick(r, "ip", "ip", "ip", "account"),
		window: pick(r, 0, time.Minute, time.Hour, 100*time.Hour),
		world:  simulator.World{Seed: seed, PerWorkday: pick(r, 5, 20, 40, 60, 80), HourlyMinimum: pick(r, 0, 0.3, 2)},
	}
	for i := range pick(r, 1, 1, 1, 2, 3) {
		sc.accounts = append(sc.accounts, account{fmt.Sprintf("account%d", i+1), location(pick(r, zoneNames...))})
	}
	if chance(r, 0.03) { // days that are read in parts, and polled in part
		sc.world.PerWorkday, sc.accounts = 4000, sc.accounts[:1]
	}
	sc.start = sc.drawStart(r).Add(123456789 * time.Nanosecond) // see monday
	switch {
	case chance(r, 0.1):
		sc.quirks.FlipDelay = pick(r, -10*time.Minute, 10*time.Minute, time.Hour, -time.Hour)
	case chance(r, 0.06):
		sc.quirks.DayOffset = pick(r, 3*time.Hour, -2*time.Hour, 9*time.Hour, -9*time.Hour)
		sc.world.HourlyMinimum = 2 // a report without any connection of its day is taken for another day's
	}
	sc.tail = sc.start.Add(between(r, 28*time.Hour, 84*time.Hour))
	every := pick(r, 20*time.Second, time.Minute, 5*time.Minute, 5*time.Minute, 20*time.Minute, 20*time.Minute, 30*time.Minute)
	if every < time.Minute {
		sc.tail = sc.start.Add(28 * time.Hour)
	}
	sc.drawWeather(draw(seed, "weather", 0))
	sc.drawLives(draw(seed, "lives", 0), every)
	sc.drawRenames(draw(seed, "renames", 0))
	return sc
}

// drawStart chooses a moment of some year, often a day or two before clocks change.
func (sc *scenario) drawStart(r *rand.Rand) time.Time {
	start := time.Date(2023+r.IntN(4), 1, 1, 0, 0, 0, 0, time.UTC).Add(between(r, 0, 364*24*time.Hour).Round(time.Second))
	if chance(r, 0.5) {
		if _, change := start.In(sc.accounts[0].zone).ZoneBounds(); change.Year() == start.Year() {
			start = change.UTC().Add(-between(r, 2*time.Hour, 60*time.Hour).Round(time.Second))
		}
	}
	return start
}

func (sc *scenario) drawWeather(r *rand.Rand) {
	modes := simulator.Modes()
	quirks := pick(r, modes...).Quirks
	ip := "192.0.2.10"
	for at := sc.start; at.Before(sc.tail); {
		e := epoch{clickhouse: pick(r, chFaults...), disk: pick(r, diskFull, diskReadOnly)}
		// Odd lengths, so that nothing that is planned to the second meets the end of an epoch.
		at = at.Add(between(r, 10*time.Minute, 9*time.Hour) + 123456789*time.Nanosecond)
		if chance(r, 0.4) {
			quirks = pick(r, modes...).Quirks
		}
		quirks.DayOffset, quirks.FlipDelay = sc.quirks.DayOffset, sc.quirks.FlipDelay
		if chance(r, 0.15) {
			ip = fmt.Sprintf("192.0.2.%d", 10+r.IntN(3))
		}
		e.until, e.quirks, e.ip = at, quirks, ip
		if chance(r, 0.55) {
			e.faultRate = pick(r, 0.02, 0.1, 0.5, 1)
			for range 1 + r.IntN(4) {
				e.faults = append(e.faults, pick(r, vendorFaults...))
			}
		}
		if chance(r, 0.4) {
			e.chRate = pick(r, 0.1, 0.5, 1)
		}
		if chance(r, 0.12) {
			e.diskRate = pick(r, 0.02, 0.2, 1)
		}
		if chance(r, 0.06) {
			e.clock = sign(r) * pick(r, 30*time.Second, 8*time.Minute, 70*time.Minute, 26*time.Hour)
		}
		e.suspended, e.powerCut = chance(r, 0.05), chance(r, 0.05)
		sc.weather = append(sc.weather, e)
	}
	sc.weather[len(sc.weather)-1].until = sc.tail
	sc.weather = append(sc.weather, epoch{until: sc.tail.Add(1000 * time.Hour), quirks: quirks, ip: ip})
}

func (sc *scenario) drawLives(r *rand.Rand, every time.Duration) {
	right := make([]string, len(sc.accounts))
	for i, a := range sc.accounts {
		right[i] = a.zone.String()
	}
	zones := right
	if chance(r, 0.12) { // off by the hour, until someone notices
		zones = append([]string{pick(r, "Europe/Athens", "Asia/Dubai", "Asia/Tokyo", "UTC")}, right[1:]...)
	}
	skew := time.Duration(0)
	for at := sc.start; at.Before(sc.tail); {
		l := life{
			length: between(r, time.Second, 20*time.Hour), pause: between(r, 0, 10*time.Minute),
			zones: zones, every: every, wrongKey: chance(r, 0.02) && sc.scope == "ip", // whose a wrong key is, no vendor can know
		}
		if chance(r, 0.3) {
			l.length = between(r, 0, 5*time.Minute)
		}
		if chance(r, 0.7) {
			l.deathAt, l.after = 1+int(r.ExpFloat64()*pick(r, 5.0, 60, 1000)), chance(r, 0.5)
		}
		if chance(r, 0.1) {
			l.pause = between(r, 0, pick(r, 3*time.Hour, 50*time.Hour))
		}
		if chance(r, 0.12) {
			skew = sign(r) * between(r, time.Second, pick(r, 2*time.Minute, 3*time.Hour, 40*time.Hour, 40*time.Hour))
		} else if chance(r, 0.5) {
			skew = 0
		}
		l.skew = skew
		if chance(r, 0.2) {
			zones = right
		}
		sc.lives = append(sc.lives, l)
		at = at.Add(l.length + l.pause)
	}
	sc.lives = append(sc.lives, life{tail: true, zones: right, every: everyQuarter})
}

// inOrder is how long after its end a day is sealed at the latest if nothing fails.
const inOrder = 14 * time.Hour

// tailEnd is when every account has a day that ended in the tail and must have been sealed, if the tail began at from.
func (sc *scenario) tailEnd(from time.Time) time.Time {
	end := from
	for _, a := range sc.accounts {
		midnight := (report.DayOf(from.In(a.zone)) + 1).Start(a.zone)
		if t := midnight.Add(inOrder); t.After(end) {
			end = t
		}
	}
	return end
}

// clockBehind tells whether a clock is ever so wrong that what happens now seems to lie a day in the future.
func (sc *scenario) clockBehind() bool {
	const nearlyADay = 20 * time.Hour
	return slices.ContainsFunc(sc.lives, func(l life) bool { return l.skew < -nearlyADay }) ||
		slices.ContainsFunc(sc.weather, func(e epoch) bool { return e.clock > nearlyADay })
}

// clockSet tells whether our clock is ever wrong.
func (sc *scenario) clockSet() bool {
	return slices.ContainsFunc(sc.lives, func(l life) bool { return l.skew != 0 })
}

// vendorClockWrong tells whether the vendor's clock is ever so wrong that it may tell days that are over, or are yet to come.
func (sc *scenario) vendorClockWrong() bool {
	return slices.ContainsFunc(sc.weather, func(e epoch) bool { return e.clock.Abs() > tolerated })
}

// restored reports whether an older state file, or none, takes the place of the newest.
func (sc *scenario) restored() bool {
	return slices.ContainsFunc(sc.lives, func(l life) bool { return l.stateOf > 0 || l.stateLost })
}

// standsStill reports whether the vendor's day ever does: it then serves days that the collector may have forgotten.
func (sc *scenario) standsStill() bool {
	return slices.ContainsFunc(sc.weather, func(e epoch) bool { return e.quirks.StandsAt != 0 })
}

// at is the epoch of a moment.
func (sc *scenario) at(t time.Time) *epoch {
	for i := range sc.weather {
		if t.Before(sc.weather[i].until) {
			return &sc.weather[i]
		}
	}
	return &sc.weather[len(sc.weather)-1]
}

func (sc *scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: from %s, nothing fails from %s; limits by %s, tokens remembered for %s, %d connections a workday, day %+v flip %+v\n",
		sc.seed, stamp(sc.start), stamp(sc.tail), sc.scope, sc.window, sc.world.PerWorkday, sc.quirks.DayOffset, sc.quirks.FlipDelay)
	for _, a := range sc.accounts {
		fmt.Fprintf(&b, "  %s in %s\n", a.name, a.zone)
	}
	for _, e := range sc.weather {
		fmt.Fprintf(&b, "  until %s: ip %s, vendor's clock ahead %s, suspended %t, quirks %s\n", stamp(e.until), e.ip, e.clock, e.suspended, set{e.quirks})
		if e.chRate > 0 {
			fmt.Fprintf(&b, "    ClickHouse %.2f %s\n", e.chRate, e.clickhouse.name)
		}
		if e.powerCut {
			fmt.Fprintln(&b, "    ClickHouse's power is cut")
		}
		if e.diskRate > 0 {
			fmt.Fprintf(&b, "    disk %.2f %s\n", e.diskRate, e.disk.name)
		}
		if e.faultRate > 0 {
			fmt.Fprintf(&b, "    vendor %.2f of", e.faultRate)
			for _, f := range e.faults {
				fmt.Fprintf(&b, " %s", set{f})
			}
			fmt.Fprintln(&b)
		}
	}
	return b.String()
}

// set prints the fields of a struct that are set.
type set struct{ value any }

func (s set) String() string {
	var fields []string
	v := reflect.ValueOf(s.value)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			fields = append(fields, fmt.Sprintf("%s:%v", v.Type().Field(i).Name, strings.SplitN(fmt.Sprint(v.Field(i).Interface()), "\n", 2)[0]))
		}
	}
	return "{" + strings.Join(fields, " ") + "}"
}

func stamp(t time.Time) string { return t.UTC().Format("01-02 15:04:05.000") }

// vendorFaults are what can go wrong with one request: the simulator's, and every error number of alpemix.txt.
var vendorFaults = func() []simulator.Fault {
	all := append(simulator.EveryFault(), simulator.Fault{KeepOpen: true}, simulator.Fault{Cut: 3000, CutQuietly: true}, simulator.Fault{Cut: 9000, CutQuietly: true})
	for _, number := range []int{100, 101, 102, 104, 106, 107, 200, 204} {
		all = append(all, simulator.Fault{ErrorNumber: number})
	}
	return all
}()

// draw is the n-th source of randomness of a stream.
func draw(seed uint64, stream string, n int) *rand.Rand {
	h := uint64(14695981039346656037)
	for i := range len(stream) {
		h = (h ^ uint64(stream[i])) * 1099511628211
	}
	r := rand.New(rand.NewPCG(seed*0x9E3779B97F4A7C15^h, h+uint64(n)*0xD1342543DE82EF95))
	r.Uint64() // neighbours begin alike
	return r
}

func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func sign(r *rand.Rand) time.Duration { return time.Duration(2*r.IntN(2) - 1) }

func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)+1))
}

func location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}
