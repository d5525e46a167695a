package reseller

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"alpemix-collector/simulator"
)

const dayLength = 24 * 60 * 60

// seat is a place among an account's customers: who has it, and how what it is allotted and uses changes.
type seat struct {
	seed    uint64
	label   Label
	index   int
	company string
	served  *simulator.Customer // by the desk; nil if it is a stranger there
	load    float64             // what it uses, as a share of what it has in an average phase
	plan    cycle               // its allotments are drawn again in each phase
	stay    cycle               // a guest is absent at the start of each phase; zero for others
}

// loads are drawn evenly over an account: over the allotment, near it, at ease, and hardly there.
var loads = [][2]float64{{1.3, 1.7}, {0.85, 1}, {0.4, 0.75}, {0.5, 0.7}, {0, 0.1}}

func (w *World) newSeat(l Label, i int) seat {
	s := seat{seed: w.Seed, label: l, index: i}
	r := s.stream("seat")
	s.company, s.served = w.tenant(l.Vendor, i)
	span := loads[i%len(loads)]
	s.load = span[0] + r.Float64()*(span[1]-span[0])
	s.plan = newCycle(r, 21, 49)
	if i%6 == 4 {
		s.stay = newCycle(r, 50, 75)
	}
	return s
}

// stream belongs to parts of the seat.
func (s *seat) stream(parts ...any) *rand.Rand {
	return stream(append([]any{s.seed, s.label, s.index}, parts...)...)
}

// cycle cuts time into phases of equal length, in seconds; what is drawn for a phase follows from its number.
type cycle struct{ length, offset int64 }

// newCycle draws a cycle of low to high days whose phases begin in working hours.
func newCycle(r *rand.Rand, low, high int) cycle {
	days := int64(low + r.IntN(high-low+1))
	return cycle{days * dayLength, r.Int64N(days)*dayLength + int64(6*60+r.IntN(9*60))*60}
}

// phase is the number of the phase of t and when it began, in unix seconds.
func (c cycle) phase(t int64) (n, start int64) {
	n = (t - c.offset) / c.length
	if t < c.offset+n*c.length {
		n--
	}
	return n, c.offset + n*c.length
}

// ladders are the steps in which vendors sell.
var ladders = map[string][]int{
	"computers": {1, 2, 5, 10, 25, 50, 100, 200},
	"Mail":      {1, 3, 5, 10, 20, 50}, "Web": {100, 250, 500, 1000, 2000},
	"eco": {100, 250, 500, 1000, 2500, 5000}, "full": {50, 100, 250, 500, 1000}, "voice": {10, 25, 50, 100}, "mms": {10, 25, 50, 100}, "hlr": {50, 100, 500, 1000},
	"disk_space_gb": {5, 10, 25, 50, 100}, "mysql_space_gb": {1, 2, 5, 10}, "mail_limit": {10, 25, 50, 100, 250},
}

// rung is the step of a pack's ladder on which the seat stands in an average phase. It leaves room above and below.
func (s *seat) rung(pack string) int { return 1 + s.stream(pack).IntN(len(ladders[pack])-3) }

// amount is what the seat is allotted of pack in a phase of its plan: half of the time the average.
func (s *seat) amount(pack string, phase int64) int {
	return ladders[pack][s.rung(pack)+pick(s.stream(pack, phase), []int{0, 0, 0, 0, 1, 1, -1, 2})]
}

// has reports whether an optional pack is enabled in a phase.
func (s *seat) has(pack string, phase int64) bool { return s.stream("has", pack, phase).IntN(10) < 6 }

// used is how much of pack is in use at t: it drifts up and down by a tenth within seven weeks.
func (s *seat) used(pack string, t int64) int {
	drift := math.Sin(2*math.Pi*float64(t)/(49*dayLength) + float64(s.index))
	return int(math.Round(float64(ladders[pack][s.rung(pack)]) * s.load * (1 + 0.1*drift)))
}

// at is what the vendor knows of the seat's customer at that time, and whether it exists.
func (s *seat) at(at time.Time) (c Customer, here bool) {
	m := moment{at: at.Unix(), leaves: math.MaxInt64, here: true}
	m.phase, m.changed = s.plan.phase(m.at)
	r := s.stream("customer")
	c = Customer{Company: s.company, Contact: pick(r, people), Created: time.Date(2019+r.IntN(5), time.Month(1+r.IntN(12)), 1+r.IntN(28), 10, 0, 0, 0, time.UTC)}
	if s.stay != (cycle{}) {
		var start int64
		m.visit, start = s.stay.phase(m.at)
		arrives := start + int64(12+s.stream("away", m.visit).IntN(14))*dayLength
		c.Created = time.Unix(arrives, 0).UTC()
		m.here, m.leaves = m.at >= arrives, start+s.stay.length
		m.changed = max(m.changed, start)
		if m.here {
			m.changed = max(m.changed, arrives)
		}
	}
	c.Active = m.here
	s.name(&c, m.visit)
	t := twinOf(s.label.Vendor)
	t.have(s, &c, m)
	return c, m.here || t.keeps
}

// name draws what the vendor calls the customer.
func (s *seat) name(c *Customer, visit int64) {
	r := s.stream("name")
	c.Email = pick(r, desks) + "@" + domain(s.company)
	twinOf(s.label.Vendor).name(s, r, c, visit)
}

// number is one that no other seat of the account has.
func (s *seat) number() int { return 1000 + 1137*s.index }

// pack is the value of the customer's pack.
func (c *Customer) pack(name string) (value string, found bool) {
	i := slices.IndexFunc(c.Packs, func(p Pack) bool { return p.Name == name })
	if i < 0 {
		return "", false
	}
	return c.Packs[i].Value, true
}

// allot sets a pack, or removes it if value is "". What was handed out before keeps its packs.
func (c *Customer) allot(name, value string) {
	packs := slices.DeleteFunc(slices.Clone(c.Packs), func(p Pack) bool { return value == "" && p.Name == name })
	if i := slices.IndexFunc(packs, func(p Pack) bool { return p.Name == name }); i >= 0 {
		packs[i].Value = value
	} else if value != "" {
		packs = append(packs, Pack{name, value})
	}
	c.Packs = packs
}
