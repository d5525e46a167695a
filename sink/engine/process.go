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

// Config tells how to start the engine's process.
type Config struct {
	// Command is the argv of the child. It has to call Serve with Inherited doors, os.Stdin as Parent and
	// AnnounceOn(os.Stdout) as Announce.
	Command []string
	Env     []string // of the child; nil: this process's
	Doors   *Doors   // are handed to each child; who starts the process closes them
	Logger  *slog.Logger
}

// Process keeps one engine process running.
type Process struct {
	cfg   Config
	ready chan struct{} // closed when the engine has answered for the first time

	mu   sync.Mutex
	addr string
	pid  int
}

// New makes a Process; Run starts it.
func New(cfg Config) *Process {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Process{cfg: cfg, ready: make(chan struct{})}
}

// Ready is closed once the engine has served for the first time.
func (p *Process) Ready() <-chan struct{} { return p.ready }

// Addr is the host:port that the engine listens on, "" before it is ready. With port 0 it changes when the engine restarts.
func (p *Process) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addr
}

// PID is the process id of the running engine, 0 if there is none.
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

// Pauses between restarts: a process that lives for stableAfter has earned a quick restart again.
const (
	firstPause  = 250 * time.Millisecond
	longPause   = 30 * time.Second
	stableAfter = time.Minute
	stopWithin  = 8 * time.Second // more than stopGrace
)

// Run starts the engine, restarts it with growing pauses when it dies, and stops it when ctx ends; then it returns nil. An
// engine that fails before it was ever ready is not tried again: its error says what is wrong.
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

// once runs one child to its end.
func (p *Process) once(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.cfg.Command[0], p.cfg.Command[1:]...)
	cmd.Env = p.cfg.Env
	cmd.Cancel = func() error {
		if stopped(cmd.Process.Pid) {
			return cmd.Process.Kill() // it would not take notice; acknowledged rows are on disk
		}
		return cmd.Process.Signal(syscall.SIGTERM)
	}
	cmd.WaitDelay = stopWithin
	// A group of its own: Ctrl-C in a terminal is for the daemon, which flushes first and then stops the engine.
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
	parent, err := cmd.StdinPipe() // held open and never written: its end tells the child that we are gone
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
			p.cfg.Logger.Info("embedded ClickHouse engine serves", "addr", addr, "pid", cmd.Process.Pid)
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
		return errors.New("the embedded ClickHouse engine ended by itself")
	case cmd.ProcessState.Exited() && why != "":
		return errors.New(why) // what the child said at its end
	}
	return fmt.Errorf("the embedded ClickHouse engine: %w", err)
}

// stopped reports whether a signal or a debugger holds a process still.
func stopped(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(state, "T") || strings.HasPrefix(state, "t")
}

const announcement = "ready"

// AnnounceOn tells the parent, which reads w, that the engine serves.
func AnnounceOn(w io.Writer) func(addr string) {
	return func(addr string) { fmt.Fprintln(w, announcement, addr) }
}

// tail hands the child's stderr on to the log and remembers the line that tells why it ended: the last one, or, when the Go
// runtime has printed its state, that one's first.
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
