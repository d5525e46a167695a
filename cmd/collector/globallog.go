package main

import (
	stdlog "log"
	"log/slog"
	"strings"
)

// adoptGlobalLog makes to the logger of everything that logs without one of its own: net/http logs
// what a server sends too much through the logger of package log, secrets included.
func adoptGlobalLog(to *slog.Logger) {
	slog.SetDefault(to)
	stdlog.SetFlags(0)
	stdlog.SetOutput(globalLog{to})
}

// globalLog writes lines of package log to a logger, without the bytes that they quote.
type globalLog struct{ to *slog.Logger }

func (g globalLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if from := strings.IndexAny(text, "\"`"); from >= 0 {
		rest := text[from:]
		to := strings.LastIndexByte(rest, rest[0])
		text = text[:from] + "(not shown)" + rest[to+1:]
	}
	g.to.Warn("a library reports", "message", text)
	return len(line), nil
}
