// Command collector reads Alpemix connection reports into ClickHouse. This package is the commands, the wiring, the signals
// and the exit status; what they do lies in the packages below.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones are checked and applied alike on machines that have no zone files
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The first signal ends the work in order; from then on a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	// A closed stdout or stderr is an error of a write then, and not the end of the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	hangups := make(chan os.Signal, 1)
	nohup := signal.Ignored(syscall.SIGHUP)
	signal.Notify(hangups, syscall.SIGHUP)
	adoptGlobalLog(slog.New(slog.NewTextHandler(os.Stderr, nil))) // until the configuration is read
	a := &app{hangups: hangups, nohup: nohup, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	return a.execute(ctx, os.Args[1:])
}
