package reliability_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"alpemix-collector/collector"
	"alpemix-collector/collector/alpemix"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
	"alpemix-collector/sink"
	"alpemix-collector/store"
)

// simulation is the world of one scenario. Each life of the collector is a synctest bubble of its own, whose clock starts where
// the machine's clock would stand; physical time goes on from one to the next.
type simulation struct {
	t          *testing.T
	scenario   *scenario
	vendor     *simulator.Vendor
	clickhouse *clickhouse
	dir        string
	book       *book
	trace      trace
	secrets    *secrets

	physical time.Time     // when the last life ended
	ahead    time.Duration // physical time less the bubble's clock
	process  *process
	zones    map[string]*time.Location // of the accounts, as configured in this life

	lives    []lived
	seals    map[dayKey]bool    // days that were sealed before
	rose     map[string]float64 // counters of all lives, by name and by each of their labels
	failures int
	waiting  uint64   // rows in the queue when the last life ended
	copies   []copied // at the end of each life, if a later one needs it

	mu     sync.Mutex
	draws  map[string]int
	limit  map[string]*limits
	blocks []time.Time      // when the vendor said that it blocks us
	cut    *epoch           // in which ClickHouse's power was cut
	quirks *epoch           // whose quirks the vendor has
	tail   map[string]*tail // by account
}

func newSimulation(t *testing.T, sc *scenario) *simulation {
	s := &simulation{
		t: t, scenario: sc, clickhouse: newClickHouse(), dir: memoryDir(t), book: newBook(), secrets: newSecrets(), physical: sc.start,
		draws: map[string]int{}, rose: map[string]float64{}, seals: map[dayKey]bool{}, limit: map[string]*limits{}, tail: map[string]*tail{},
	}
	o := simulator.Options{
		World: &sc.world, Limits: simulator.Limits{PerAccount: sc.scope == "account"}, Elapsed: s.now,
		Now:      func() time.Time { return s.now().Add(s.weather().clock) },
		ClientIP: func(*http.Request) string { return s.weather().ip },
		Fault:    s.vendorFault, OnReply: s.told,
	}
	for _, a := range sc.accounts {
		o.Accounts = append(o.Accounts, simulator.Account{Name: a.name, SecretKey: keyOf(a.name), Zone: a.zone})
		s.secrets.add(keyOf(a.name))
		s.limit[a.name] = &limits{}
		s.tail[a.name] = &tail{}
	}
	s.vendor = simulator.New(o)
	c := s.clickhouse
	c.window, c.now, c.judge = sc.window, s.now, s.inserted
	c.random = func() *rand.Rand { return draw(sc.seed, "clickhouse", s.count("clickhouse")) }
	c.crash = s.lostInPowerCut
	c.fault = func(insert bool) (chFault, bool) {
		weather := s.weather()
		if weather.powerCut && s.cut != weather {
			s.cut = weather
			s.trace.add(s.now(), "ClickHouse's power is cut")
			c.powerCut()
		}
		if !s.chance("clickhouse fault", s.count("clickhouse fault"), weather.chRate) {
			return chFault{}, false
		}
		s.trace.add(s.now(), "ClickHouse: %s", weather.clickhouse.name)
		return weather.clickhouse, true
	}
	return s
}

func keyOf(account string) string { return "key-of-" + account + "-nobody-may-see" }

// now is physical time. It may be called in a bubble only.
func (s *simulation) now() time.Time { return time.Now().Round(0).UTC().Add(s.ahead) }

func (s *simulation) weather() *epoch { return s.scenario.at(s.now()) }

// lostInPowerCut tells whether a row is lost: one of the last two hours, and of a day that cannot have been looked for yet.
func (s *simulation) lostInPowerCut(conn *report.Connection) bool {
	account := owner(conn.Account)
	right := s.process.life.skew == 0 && s.weather().clock == 0 && s.zones[account].String() == s.zoneOf(account).String()
	return right && s.now().Sub(conn.FetchedAt) < 2*time.Hour && conn.LocalDay == report.DayOf(s.now().In(s.zoneOf(account)))
}

// count numbers the draws of a stream, from 1.
func (s *simulation) count(stream string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draws[stream]++
	return s.draws[stream]
}

func (s *simulation) chance(stream string, n int, p float64) bool {
	return p > 0 && chance(draw(s.scenario.seed, stream, n), p)
}

func (s *simulation) vendorFault(r simulator.Request) simulator.Fault {
	weather, stream := s.weather(), "vendor "+r.Account
	s.vendorQuirks(weather)
	random := draw(s.scenario.seed, stream, s.count(stream))
	fault := simulator.Fault{Delay: between(random, 0, 300*time.Millisecond), Lag: between(random, 0, 600*time.Millisecond)}
	if chance(random, weather.faultRate) {
		fault = pick(random, weather.faults...)
	}
	s.trace.add(s.now(), "%s is asked for %s %d; %s", r.Account, r.Kind, r.Last, set{fault})
	return fault
}

func (s *simulation) vendorQuirks(weather *epoch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quirks != weather {
		s.quirks = weather
		s.vendor.SetQuirks(weather.quirks)
	}
}

func (s *simulation) told(t simulator.Reply) {
	s.trace.add(s.now(), "%s is told %s of %s: %d connections, whole %t", t.Account, t.Kind, t.Day, len(t.Sessions()), t.Whole)
	s.book.told(&telling{Reply: t, zone: s.zones[t.Account], local: time.Now()})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process.doubted = s.process.doubted || !t.Whole
	s.process.heard[t.Account] += len(t.Sessions())
	s.tail[t.Account].told(len(t.Sessions()))
}

// live plays one life.
func (s *simulation) live(l life) {
	s.restore(&l)
	synctest.Test(s.t, func(t *testing.T) {
		time.Sleep(time.Until(s.physical.Add(l.skew)))
		s.ahead = s.physical.Sub(time.Now().Round(0))
		if l.tail {
			time.Sleep(max(0, s.scenario.tail.Sub(s.now())))
			l.length = s.scenario.tailEnd(s.now()).Sub(s.now())
			for _, tail := range s.tail {
				tail.from, tail.until = s.now(), s.now().Add(l.length-fetchesWithin)
			}
		}
		s.zones = map[string]*time.Location{}
		for i, a := range s.scenario.accounts {
			s.zones[a.name] = location(l.zones[i])
		}
		s.trace.add(s.now(), "start: length %s, killed at effect %d, after it %t, clock ahead %s, zones %v, names %v, wrong key %t", l.length, l.deathAt, l.after, l.skew, l.zones, l.names, l.wrongKey)
		ctx, cancel := context.WithTimeout(context.Background(), l.length+time.Millisecond)
		defer cancel()
		if len(s.lives) > 0 {
			before := s.lives[len(s.lives)-1]
			for i, a := range s.scenario.accounts {
				if before.skew != l.skew || l.names != nil && before.names[i] != l.names[i] {
					s.limit[a.name].token = false // its age is by our clock; with a new name goes a new token
				}
			}
		}
		s.process = &process{s: s, life: l, kill: cancel, started: s.now(), heard: map[string]int{}}
		s.run(ctx, t)
		s.physical = s.now()
		s.lives = append(s.lives, lived{l, s.process.started, s.physical})
	})
	s.keep()
	s.physical = s.physical.Add(l.pause)
}

// run starts a collector as cmd/collector does and lets it run.
func (s *simulation) run(ctx context.Context, t *testing.T) {
	s.secrets.killed = s.process.killed
	log := slog.New(slog.NewTextHandler(s.secrets, &slog.HandlerOptions{Level: slog.LevelDebug}))
	state, err := store.OpenSimulated(s.dir, log, store.Options{
		BeforeWrite: s.process.beforeWrite, AfterWrite: s.process.afterWrite,
		Boot: func() (string, time.Duration) { return "simulated", s.now().Sub(s.scenario.start) },
	})
	if err != nil {
		t.Fatalf("the state file cannot be opened again: %v", err)
	}
	logins := s.logins()
	renamed := rename(state, logins)
	db, err := sink.Open(sink.Config{DSN: "http://127.0.0.1:8123/alpemix", Password: "password-of-clickhouse", Transport: &way{s.process, "ClickHouse", s.clickhouse}})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	cfg := collector.Config{Store: &paced{state, s}, Writer: db.Writer(), Database: db.Writer(), Logins: logins, Reason: sink.Reason, Reasons: sink.Reasons(), Metrics: registry, Log: log}
	for i, a := range s.scenario.accounts {
		conf := s.account(t, a, state)
		conf.Today, conf.Yesterday = s.process.life.schedules(i)
		cfg.Accounts = append(cfg.Accounts, conf)
	}
	c, err := collector.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err = renamed; err == nil {
		err = c.Run(ctx)
	}
	if err != nil && !s.process.killed() && s.weather().diskRate == 0 {
		t.Errorf("the collector ended: %v", err)
	}
	if !s.process.killed() {
		s.book.taken("")
	}
	s.trace.add(s.now(), "ended after %d effects", s.process.effects)
	s.accounts(registry)
	l := &s.process.life
	if s.waiting, _ = state.QueueStats(); s.waiting > 0 && l.tail {
		t.Errorf("seed %d: queue: %d rows still wait for ClickHouse", s.scenario.seed, s.waiting)
	}
	if err := state.Close(); err != nil && !s.process.killed() && s.weather().diskRate == 0 {
		t.Errorf("the state file was not closed in order: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	s.book.doubt()
}

func (s *simulation) account(t *testing.T, a account, state *store.Store) collector.Account {
	l := &s.process.life
	key, scope := keyOf(a.name), s.scenario.scope
	if l.wrongKey {
		key = "wrong-" + key
	}
	if scope == "account" {
		scope = "account " + s.name(a.name)
	}
	client, err := alpemix.New(alpemix.Config{
		Account: s.name(a.name), Endpoint: "https://vendor.example:5900/api", MainUsername: a.name, SecretKey: key, Limits: alpemix.Limits{Scope: scope},
	}, state, &asked{s, a.name, l.wrongKey, &way{s.process, "request of " + a.name, s.vendor.RoundTripper()}})
	if err != nil {
		t.Fatal(err)
	}
	return collector.Account{Name: s.name(a.name), Location: s.zones[a.name], Scope: scope, Fetcher: &pacedFetcher{client, s, a.name}}
}

// memoryDir is a folder in memory where there is one: simulated days make real fsyncs, hundreds of thousands of them.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "simulation-")
	if err != nil {
		return t.TempDir()
	}
	return dir
}

// end gives the folder's memory back.
func (s *simulation) end() {
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Error(err)
	}
}

// secrets is where the log goes: it looks for what nobody may see.
type secrets struct {
	mu    sync.Mutex
	known [][]byte
	leaks []string

	keep   bool // what is written besides debugging, until the process is killed
	killed func() bool
	wrote  strings.Builder
}

func newSecrets() *secrets { return &secrets{known: [][]byte{[]byte("password-of-clickhouse")}} }

func (s *secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(s.known, []byte(secret))
}

func (s *secrets) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keep && !bytes.Contains(line, []byte("level=DEBUG")) && s.wrote.Len() < 1<<20 && !s.killed() {
		s.wrote.Write(line)
	}
	for _, secret := range s.known {
		if bytes.Contains(line, secret) {
			s.leaks = append(s.leaks, string(line))
		}
	}
	return len(line), nil
}

// tail counts an account's requests, and the records that they brought, until all of them must have been written as fetches.
type tail struct {
	from, until    time.Time
	requests, rows int
	counts         bool // the request that is under way
}

func (l *tail) sends(now time.Time) {
	if l.counts = !now.Before(l.from) && now.Before(l.until); l.counts {
		l.requests++
	}
}

func (l *tail) told(rows int) {
	if l.counts {
		l.rows += rows
	}
}

// asked watches an account's requests and answers from outside.
type asked struct {
	s        *simulation
	account  string
	wrongKey bool
	way      *way
}

var (
	numberIn = regexp.MustCompile(`"errornumber"\s*:\s*(\d+)`)
	tokenIn  = regexp.MustCompile(`"accesstoken"\s*:\s*"([^"]+)"`)
)

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	account := a.account
	if a.s.scenario.scope == "ip" {
		account = "" // one request follows another, whosever it is
	}
	if !a.way.process.killed() {
		a.s.book.taken(account)
		a.s.asking(a, strings.Contains(string(text), `"stepnumber":1`))
	}
	a.s.tail[a.account].sends(a.s.now())
	answer, err := a.way.RoundTrip(r)
	a.s.asked()
	if err != nil {
		return nil, err
	}
	answer.Body = &heard{answer.Body, a, text, nil}
	return answer, nil
}

// heard listens to the beginning of an answer. It makes pages show the request, as those of some servers do.
type heard struct {
	io.ReadCloser
	asked   *asked
	request []byte
	head    []byte
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	if len(h.head) == 0 && bytes.HasPrefix(p[:n], []byte("<")) {
		copy(p[1:n], h.request)
	}
	if len(h.head) < 300 {
		h.head = append(h.head, p[:min(n, 300)]...)
	}
	return n, err
}

func (h *heard) Close() error {
	if number := numberIn.FindSubmatch(h.head); number != nil {
		token := ""
		if found := tokenIn.FindSubmatch(h.head); found != nil {
			token = string(found[1])
		}
		h.asked.s.answered(h.asked, string(number[1]), token)
	}
	return h.ReadCloser.Close()
}
