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

// app is what a command may touch of the process it runs in.
type app struct {
	ctx            context.Context // ends with the process
	args           []string        // the command line
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	hangups        <-chan os.Signal // SIGHUP
	nohup          bool             // SIGHUP ends no command
	configFile     string           // -c
	invents        bool             // what is stored on a server is of collector demo
	brief          bool             // log nothing below a warning: what a command has to say is its output
}

// usageError is a command line that cannot be meant.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%s; see: %s --help", e.err, e.command)
}

func (e *usageError) Unwrap() error { return e.err }

// errInterrupted ends a command that a signal broke off.
var errInterrupted = errors.New("interrupted")

// errFailed ends a command with status 1 when all there is to say has been said.
var errFailed = errors.New("failed")

// lasting is the annotation of commands that outlive the reader of what they print, and to which SIGHUP is no end.
const lasting = "lasting"

// execute runs one command line to its exit status. Errors end here, as one line on stderr.
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
				_, lasts := c.Annotations[lasting]
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
	_, lasts := command.Annotations[lasting]
	if err == nil && !lasts {
		err = stdout.Err() // also where nobody looked at what came of printing
	}
	code := exitBrokenPipe // the reader has seen enough, as head has
	if err == nil || lasts || !a.unread() {
		code = a.status(ctx, err)
	}
	_ = stderr.Flush() // there is nobody to whom an error could be said
	return code
}

// readerPatience is how long a daemon waits once for a reader of its log that has stalled.
const readerPatience = time.Second

// lossy is a stream of a daemon, which no reader may stop.
func lossy(stream io.Writer) io.Writer {
	if f, ok := raw(stream).(*os.File); ok {
		return terminal.NewWriter(terminal.NewLossy(f, readerPatience))
	}
	return stream
}

// ended is the error of a daemon. A signal that comes while it starts ends it as one that comes later does.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// status prints err as one line, and returns the exit status of it.
func (a *app) status(ctx context.Context, err error) int {
	_, isConfig := errors.AsType[*config.Error](err)
	_, isUsage := errors.AsType[*usageError](err)
	locked := errors.Is(err, store.ErrLocked) // the wrong state_dir, or a daemon too many
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted), ctx.Err() != nil && errors.Is(err, context.Canceled): // what the parts say of their end is of no use
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

// unread reports that whoever read stdout is gone.
func (a *app) unread() bool {
	stdout, ok := a.stdout.(*terminal.Writer)
	return ok && errors.Is(stdout.Err(), syscall.EPIPE)
}

// endAtHangup ends a command whose terminal is gone.
func (a *app) endAtHangup(ctx context.Context, cancel func()) {
	select {
	case <-a.hangups:
		cancel()
	case <-ctx.Done():
	}
}

// withSuggestion names the commands that an unknown one may have been meant for.
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

// complain prints err as one line, unless it is that nobody reads any more.
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
		DisableSuggestions:         true, // cobra's have several lines, see withSuggestion
		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Version}}")
	root.PersistentFlags().StringVarP(&a.configFile, "config", "c", "",
		"configuration file (default "+config.EnvFile+", else "+defaultFile+" if it is there)")
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

// help replaces cobra's, which exits with 0 after a topic that there is not.
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

// group makes a command that holds others. Alone it does what alone does; without that, or with a word that is none of the
// others, it is a usage error.
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
		return &usageError{c.CommandPath(), fmt.Errorf("%s; there are %s", wrong, strings.Join(names, ", "))}
	}
	return c
}

// defaultFile is read where no other is named.
const defaultFile = "collector.yaml"

// load reads the configuration that the command line, the environment or the working folder names, and says its warnings.
func (a *app) load() (*config.Config, error) {
	file := a.configFile
	if file == "" {
		file = a.getenv(config.EnvFile)
	}
	if file == "" {
		if _, err := os.Lstat(defaultFile); !errors.Is(err, fs.ErrNotExist) { // one that cannot be read is an error
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

// folder is a state folder that the configuration names.
func (a *app) folder(path string) statedir.Folder {
	f := statedir.Folder{Path: path, Source: a.configSource(), Key: "state_dir", Args: a.args}
	if key := config.EnvPrefix + "STATE_DIR"; a.getenv(key) != "" {
		f.Source, f.Key = "environment", key
	}
	return f
}

// opener opens the ClickHouse of a configuration.
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

// logger writes to stderr as log.level and log.format say.
func (a *app) logger(c *config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil { // the level was checked when the configuration was read
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
