package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"alpemix-collector/internal/config"
	"alpemix-collector/internal/database"
	"alpemix-collector/internal/statedir"
	"alpemix-collector/internal/terminal"
	"alpemix-collector/report"
	"alpemix-collector/store"
)

// Exit statuses, see CONTRACT section 1.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2

	exitBrokenPipe = 128 + int(syscall.SIGPIPE) // what a shell reports of a program that SIGPIPE ended
)

// app holds what a command may use of its process.
type app struct {
	ctx            context.Context // ends with the process
	args           []string        // the command line
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	hangups        <-chan os.Signal // SIGHUP
	nohup          bool             // SIGHUP stops no command
	configFile     string           // -c
	invents        bool             // what is stored on a server is of collector demo
	brief          bool             // log only warnings and errors, because the output says the rest
}

// usageError is a mistake in the command line.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%s; see: %s --help", e.err, e.command)
}

func (e *usageError) Unwrap() error { return e.err }

// errInterrupted is the error of a command that a signal stopped.
var errInterrupted = errors.New("interrupted")

// errFailed stops a command with status 1 after it has printed its errors.
var errFailed = errors.New("failed")

// longRunning is the annotation of commands that keep running when the reader of their output is
// gone and when SIGHUP comes.
const longRunning = "long-running"

// execute runs one command line and returns its exit status. It prints an error as one line on stderr.
func (a *app) execute(ctx context.Context, args []string) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stdout, stderr := terminal.NewWriter(a.stdout), terminal.NewWriter(a.stderr)
	a.ctx, a.args, a.stdout, a.stderr = ctx, args, stdout, stderr
	root := a.root()
	started := false
	forEach(root, func(c *cobra.Command) {
		if run := c.RunE; run != nil {
			c.RunE = func(c *cobra.Command, args []string) error {
				started = true
				_, lasts := c.Annotations[longRunning]
				if lasts {
					a.stdout, a.stderr = lossy(a.stdout), lossy(a.stderr)
				} else if !a.nohup {
					go a.endAtHangup(ctx, cancel)
				}
				return run(c, args)
			}
		}
	})
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !started {
		err = &usageError{command.CommandPath(), withSuggestion(command, err)}
	}
	_ = stdout.Flush() // Err has it
	_, lasts := command.Annotations[longRunning]
	if err == nil && !lasts {
		err = stdout.Err() // printing may have failed unnoticed
	}
	code := exitBrokenPipe // the reader, such as head, needs no more
	if err == nil || lasts || !a.unread() {
		code = a.status(ctx, err)
	}
	_ = stderr.Flush() // its failure could be reported nowhere
	return code
}

// readerPatience is how long a daemon waits, once, for a stalled reader of its log.
const readerPatience = time.Second

// lossy returns a stream for a daemon that drops text rather than wait for its reader.
func lossy(stream io.Writer) io.Writer {
	if f, ok := raw(stream).(*os.File); ok {
		return terminal.NewWriter(terminal.NewLossy(f, readerPatience))
	}
	return stream
}

// ended returns the error of a daemon: none if a signal stopped it, also while it was starting.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// status prints err as one line and returns its exit status.
func (a *app) status(ctx context.Context, err error) int {
	_, isConfig := errors.AsType[*config.Error](err)
	_, isUsage := errors.AsType[*usageError](err)
	locked := errors.Is(err, store.ErrLocked) // the wrong state_dir, or a second daemon
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted), ctx.Err() != nil && errors.Is(err, context.Canceled): // how each part stopped is of no use
		a.complain(errInterrupted)
		return exitFailure
	case errors.Is(err, errFailed):
		return exitFailure
	}
	a.complain(err)
	if isConfig || isUsage || locked {
		return exitUsage
	}
	return exitFailure
}

// unread reports whether the reader of stdout is gone.
func (a *app) unread() bool {
	stdout, ok := a.stdout.(*terminal.Writer)
	return ok && errors.Is(stdout.Err(), syscall.EPIPE)
}

// endAtHangup stops a command whose terminal is gone.
func (a *app) endAtHangup(ctx context.Context, cancel func()) {
	select {
	case <-a.hangups:
		cancel()
	case <-ctx.Done():
	}
}

// withSuggestion adds the names of similar commands to the error of an unknown one.
func withSuggestion(c *cobra.Command, err error) error {
	var word string
	if _, notThat := fmt.Sscanf(err.Error(), "unknown command %q", &word); notThat != nil {
		return err
	}
	near := c.SuggestionsFor(word)
	if len(near) == 0 {
		return err
	}
	return fmt.Errorf("%w (did you mean %s?)", err, strings.Join(near, " or "))
}

// complain prints err as one line, unless err is that the reader of stdout is gone.
func (a *app) complain(err error) {
	if errors.Is(err, syscall.EPIPE) && a.unread() {
		return
	}
	_, _ = fmt.Fprintf(a.stderr, "collector: %s\n", report.OneLine(err))
}

func forEach(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, sub := range c.Commands() {
		forEach(sub, f)
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "collector",
		Short: "Collects Alpemix connection reports into ClickHouse",
		Long: `Collects the connection reports of Alpemix remote support into ClickHouse, each
connection exactly once.

Try it without an account:  collector demo
Collect from the vendor:    collector check, then collector run`,
		Version:                    versionText(),
		SilenceErrors:              true,
		SilenceUsage:               true,
		DisableSuggestions:         true, // cobra's take several lines, see withSuggestion
		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Version}}")
	root.PersistentFlags().StringVarP(&a.configFile, "config", "c", "",
		"configuration file (default "+config.EnvFile+", else "+defaultFile+" if it exists)")
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddCommand(a.commands()...)
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Run, c.RunE, c.Example = nil, help, "  collector help import"
		}
	}
	return root
}

// help replaces cobra's command, which exits with 0 for an unknown topic.
func help(c *cobra.Command, args []string) error {
	of, rest, err := c.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unknown command %q for %q", rest[0], of.CommandPath())
	}
	if err != nil {
		return &usageError{"collector", withSuggestion(of, err)}
	}
	return of.Help()
}

// group makes c a group of its subcommands. Without a subcommand it runs alone, or is a usage error
// if alone is nil. An unknown subcommand is a usage error, too.
func group(c *cobra.Command, alone func(*cobra.Command, []string) error) *cobra.Command {
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		wrong := "a subcommand is missing"
		if len(args) > 0 {
			wrong = fmt.Sprintf("unknown subcommand %q", args[0])
		} else if alone != nil {
			return alone(c, args)
		}
		return &usageError{c.CommandPath(), fmt.Errorf("%s; available: %s", wrong, strings.Join(names, ", "))}
	}
	return c
}

// defaultFile is the configuration file if no other is named.
const defaultFile = "collector.yaml"

// load reads the configuration that the command line, the environment or the working folder names,
// and logs its warnings.
func (a *app) load() (*config.Config, error) {
	file := a.configFile
	if file == "" {
		file = a.getenv(config.EnvFile)
	}
	if file == "" {
		if _, err := os.Lstat(defaultFile); !errors.Is(err, fs.ErrNotExist) { // a file that cannot be read is an error
			file = defaultFile
		}
	}
	c, err := terminal.Await(a.ctx, func() (*config.Config, error) { return config.Load(file, a.environ) })
	if err != nil {
		return nil, err
	}
	log := a.logger(c)
	for _, w := range c.Warnings {
		log.Warn("configuration: " + w)
	}
	return c, nil
}

// folder returns the state folder at path, with where the configuration names it.
func (a *app) folder(path string) statedir.Folder {
	f := statedir.Folder{Path: path, Source: a.configSource(), Key: "state_dir", Args: a.args}
	if key := config.EnvPrefix + "STATE_DIR"; a.getenv(key) != "" {
		f.Source, f.Key = "environment", key
	}
	return f
}

// opener returns what opens the ClickHouse of a configuration.
func (a *app) opener(c *config.Config) *database.Opener {
	return &database.Opener{Config: c, Folder: a.folder(c.StateDir), Log: a.logger(c), Demo: a.invents}
}

func (a *app) getenv(name string) string {
	for _, pair := range a.environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// logger returns a logger to stderr, as log.level and log.format configure it.
func (a *app) logger(c *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil { // config.Load has checked the level
		panic("collector: " + err.Error())
	}
	if a.brief {
		level = max(level, slog.LevelWarn)
	}
	options := &slog.HandlerOptions{Level: level}
	log := slog.New(slog.NewTextHandler(a.stderr, options))
	if c.Log.Format == "json" {
		log = slog.New(slog.NewJSONHandler(a.stderr, options))
	}
	adoptGlobalLog(log)
	return log
}
