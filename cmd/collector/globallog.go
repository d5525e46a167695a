package main

import (
	stdlog "log"
	"log/slog"
	"strings"

	"alpemix-collector/vendorhttp"
)

// adoptGlobalLog makes to the logger of everything that has no logger of its own. net/http logs
// surplus bytes of a server, secrets included, through package log.
func adoptGlobalLog(to *slog.Logger) {
	slog.SetDefault(to)
	stdlog.SetFlags(0)
	stdlog.SetOutput(globalLog{to})
}

// globalLog writes the lines of package log to a logger, without the bytes that they quote.
type globalLog struct{ to *slog.Logger }

func (g globalLog) Write(line []byte) (int, error) {
	text := vendorhttp.WithoutQuotes(strings.TrimSpace(string(line)))
	g.to.Warn("a library reports", "message", text)
	return len(line), nil
}
