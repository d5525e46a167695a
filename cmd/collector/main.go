// Command collector reads Alpemix connection reports into ClickHouse. This package holds the commands,
// the signals and the exit status; the packages that it imports do the work.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones are the same on machines without zone files
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The first signal stops the work in order; a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	// Writing to a closed stdout or stderr is then an error and does not end the process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	hangups := make(chan os.Signal, 1)
	nohup := signal.Ignored(syscall.SIGHUP)
	signal.Notify(hangups, syscall.SIGHUP)
	adoptGlobalLog(slog.New(slog.NewTextHandler(os.Stderr, nil))) // until the configuration is read
	a := &app{hangups: hangups, nohup: nohup, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	return a.execute(ctx, os.Args[1:])
}
