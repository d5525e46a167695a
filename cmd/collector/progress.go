package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"alpemix-collector/internal/terminal"
)

const progressEvery = 100 * time.Millisecond

// progress returns a bar that shows how much of total is done, on a terminal only. An unknown total
// is -1.
func (a *app) progress(total int64, what string, options ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(raw(a.stderr)),
		progressbar.OptionSetVisibility(a.onTerminal()),
		progressbar.OptionSetDescription(terminal.Escape(what)),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(progressEvery),
		progressbar.OptionClearOnFinish(),
	}, options...)...)
}

func (a *app) onTerminal() bool {
	_, ok := terminalOf(a.stderr)
	return ok
}

// terminalOf returns stream if it is a terminal.
func terminalOf(stream any) (*os.File, bool) {
	if w, ok := stream.(io.Writer); ok {
		stream = raw(w)
	}
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// raw returns the stream below the escaping: for sequences that control a terminal, and for data.
func raw(stream io.Writer) io.Writer {
	if w, ok := stream.(*terminal.Writer); ok {
		stream = w.Raw
	}
	if w, ok := stream.(*terminal.Lossy); ok {
		return w.File()
	}
	return stream
}

// data returns stdout for output that programs read: it escapes only on a terminal.
func (a *app) data() io.Writer {
	w, isWriter := a.stdout.(*terminal.Writer)
	if _, ok := terminalOf(a.stdout); ok || !isWriter {
		return a.stdout
	}
	return w.Data()
}
