package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Config says how to start the engine's process.
type Config struct {
	// Command is the argv of the child. It must call Serve with Inherited doors, os.Stdin as Parent
	// and AnnounceOn(os.Stdout) as Announce.
	Command []string
	Env     []string // of the child; nil for this process's
	Doors   *Doors   // passed to each child; the caller closes them
	Logger  *slog.Logger
}

// Process keeps one engine process running.
type Process struct {
	cfg   Config
	ready chan struct{} // closed when the engine has been ready for the first time

	mu   sync.Mutex
	addr string
	pid  int
}

// New returns a Process. Run starts it.
func New(cfg Config) *Process {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Process{cfg: cfg, ready: make(chan struct{})}
}

// Ready returns a channel that is closed once the engine has been ready for the first time.
func (p *Process) Ready() <-chan struct{} { return p.ready }

// Addr returns the host:port that the engine listens on, or "" before it is ready. With port 0, it
// changes when the engine restarts.
func (p *Process) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addr
}

// PID returns the process id of the running engine, or 0 if none is running.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

func (p *Process) set(addr string, pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.addr, p.pid = addr, pid
}

// Pauses between restarts. After a process has run for stableAfter, the next restart is quick
// again.
const (
	firstPause  = 250 * time.Millisecond
	longPause   = 30 * time.Second
	stableAfter = time.Minute
	stopWithin  = 8 * time.Second // more than stopGrace
)

// Run starts the engine and restarts it with growing pauses when it stops. When ctx is done, Run
// stops the engine and returns nil. If the engine fails before it was ever ready, Run returns its
// error and does not retry.
func (p *Process) Run(ctx context.Context) error {
	pause := firstPause
	for {
		started := time.Now()
		err := p.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		select {
		case <-p.ready:
		default:
			return err
		}
		if time.Since(started) > stableAfter {
			pause = firstPause
		}
		p.cfg.Logger.Error("the embedded ClickHouse engine died and is started again", "err", err, "pause", pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}

// once runs one child until it stops.
func (p *Process) once(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.cfg.Command[0], p.cfg.Command[1:]...)
	cmd.Env = p.cfg.Env
	cmd.Cancel = func() error {
		if isStopped(cmd.Process.Pid) {
			return cmd.Process.Kill() // it cannot handle SIGTERM; acknowledged rows are on disk
		}
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	cmd.WaitDelay = stopWithin
	// The child gets its own process group. Ctrl-C in a terminal is for the daemon, which flushes
	// first and then stops the engine.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.cfg.Doors != nil {
		files, err := p.cfg.Doors.files()
		if err != nil {
			return fmt.Errorf("cannot start the embedded ClickHouse engine: %w", err)
		}
		cmd.ExtraFiles = files
		defer func() {
			for _, f := range files {
				f.Close()
			}
		}()
	}
	parent, err := cmd.StdinPipe() // never written to; it closes when this process stops, and then the child stops
	if err != nil {
		return fmt.Errorf("cannot start the embedded ClickHouse engine: %w", err)
	}
	defer parent.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("cannot start the embedded ClickHouse engine: %w", err)
	}
	tail := &tail{logger: p.cfg.Logger}
	cmd.Stderr = tail
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start the embedded ClickHouse engine: %w", err)
	}
	p.set("", cmd.Process.Pid)
	defer p.set("", 0)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), announcement); ok {
			addr = strings.TrimSpace(addr)
			p.set(addr, cmd.Process.Pid)
			p.cfg.Logger.Info("embedded ClickHouse engine is ready", "addr", addr, "pid", cmd.Process.Pid)
			select {
			case <-p.ready:
			default:
				close(p.ready)
			}
		}
	}
	err = cmd.Wait()
	switch why := tail.why(); {
	case err == nil:
		return errors.New("the embedded ClickHouse engine exited unexpectedly")
	case cmd.ProcessState.Exited() && why != "":
		return errors.New(why) // the child's last message
	}
	return fmt.Errorf("the embedded ClickHouse engine: %w", err)
}

// isStopped reports whether a signal or a debugger has paused a process.
func isStopped(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(state, "T") || strings.HasPrefix(state, "t")
}

const announcement = "ready"

// AnnounceOn returns a function that reports the engine's address to the parent, which reads w.
func AnnounceOn(w io.Writer) func(addr string) {
	return func(addr string) { fmt.Fprintln(w, announcement, addr) }
}

// tail logs the child's stderr and keeps the line that says why it stopped: the last one or, in a
// crash of the Go runtime, the first one of the crash.
type tail struct {
	logger  *slog.Logger
	mu      sync.Mutex
	line    []byte
	text    string
	crashed bool
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range b {
		if c != '\n' {
			if len(t.line) < 4096 {
				t.line = append(t.line, c)
			}
			continue
		}
		if text := strings.TrimSpace(string(t.line)); text != "" {
			t.logger.Warn("embedded ClickHouse engine", "stderr", text)
			if !t.crashed {
				t.text = text
			}
			t.crashed = t.crashed || strings.HasPrefix(text, "SIG") || strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")
		}
		t.line = t.line[:0]
	}
	return len(b), nil
}

func (t *tail) why() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text
}
