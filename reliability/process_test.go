package reliability_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"sync"
	"syscall"
	"time"

	"alpemix-collector/collector"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

// process is one life of the collector as the world sees it: whatever it does to the disk, the vendor or ClickHouse is an effect,
// and with the effect that its life ends at, nothing that it does reaches the world any more.
type process struct {
	s       *simulation
	life    life
	kill    context.CancelFunc
	started time.Time

	doubted bool           // whether it surely took in what it was told
	heard   map[string]int // by account: records of the answers that it was told

	mu      sync.Mutex
	effects int
	writes  int
	dead    bool
	minute  time.Time // when the present minute began
	inIt    int       // effects since
}

// endless is how many effects within a minute are a loop that does not end by itself.
const endless = 3000

var errKilled = errors.New("the process was killed")

// begin is called before an effect; its error prevents it.
func (p *process) begin(what string) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return 0, errKilled
	}
	p.effects++
	if p.inIt++; time.Since(p.minute) > time.Minute {
		p.minute, p.inIt = time.Now(), 1
	}
	if p.inIt > endless {
		p.dead = true
		p.s.fail("loop: %d effects in a minute, the last a %s", p.inIt, what)
		return 0, errKilled
	}
	if p.effects == p.life.deathAt && !p.life.after {
		p.die("before", what)
		return 0, errKilled
	}
	return p.effects, nil
}

// end is called when effect n has happened.
func (p *process) end(n int, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n == p.life.deathAt && p.life.after && !p.dead {
		p.die("after", what)
	}
}

func (p *process) die(when, what string) {
	p.dead = true
	p.s.trace.add(p.s.now(), "killed %s effect %d, %s", when, p.effects, what)
	p.s.doubt()
	p.kill()
}

func (p *process) killed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// diskFault is how writing the state file fails.
type diskFault struct {
	name string
	err  error
	text string // in the log
}

var (
	diskFull     = diskFault{"full", syscall.ENOSPC, "no room to write the state file"}
	diskReadOnly = diskFault{"read-only", syscall.EROFS, "is on a read-only disk"}
)

// beforeWrite and afterWrite stand around each transaction of the state file. Transactions follow one another, so the effect that
// ends is the one that began last.
func (p *process) beforeWrite() error {
	if _, err := p.begin("transaction"); err != nil {
		return err
	}
	p.mu.Lock()
	p.writes++
	n := p.writes
	p.mu.Unlock()
	weather := p.s.weather()
	if p.s.chance("disk", n, weather.diskRate) {
		p.s.trace.add(p.s.now(), "disk %s", weather.disk.name)
		p.s.doubt()
		return &fs.PathError{Op: "write", Path: "state.db", Err: weather.disk.err}
	}
	return nil
}

func (p *process) afterWrite() {
	p.mu.Lock()
	n := p.effects
	p.mu.Unlock()
	p.end(n, "transaction")
}

// paced keeps apart what would happen at one moment, so that a seed plays the same again: the drain begins a little after what woke
// it, and so does each account's request.
type paced struct {
	*store.Store
	s *simulation
}

func (p *paced) Next(maxRows, maxBytes int, withFetches bool) (report.QueuedBatch, bool, error) {
	p.s.pace("drain")
	return p.Store.Next(maxRows, maxBytes, withFetches)
}

type pacedFetcher struct {
	collector.Fetcher
	s       *simulation
	account string
}

func (p *pacedFetcher) Fetch(ctx context.Context, w report.Window) (report.Body, error) {
	p.s.pace("request of " + p.account)
	return p.Fetcher.Fetch(ctx, w)
}

func (s *simulation) pace(stream string) {
	time.Sleep(between(draw(s.scenario.seed, stream, s.count(stream)), 1, 10*time.Millisecond))
}

// way is the network between the process and a server.
type way struct {
	process *process
	name    string
	server  http.RoundTripper
}

func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	s := w.process.s
	if weather := s.weather(); weather.suspended {
		time.Sleep(weather.until.Sub(s.now())) // whatever a context's clock says: nobody looked at it
	}
	n, err := w.process.begin(w.name)
	if err == nil {
		err = r.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	answer, err := w.server.RoundTrip(r)
	w.process.end(n, w.name)
	return answer, err
}
