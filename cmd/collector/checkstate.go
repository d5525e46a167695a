package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/internal/statedir"
	"alpemix-collector/store"
)

// stateFolder asks the daemon of the state folder for its status. Without a daemon it opens the state,
// if the folder has one.
func (k *checkRun) stateFolder(ctx context.Context) {
	if client := daemon.SocketClient(ctx, k.config.StateDir, daemon.StatusTimeout); client != nil {
		k.askDaemon(ctx, client)
		return
	}
	dir, well := k.config.StateDir, k.config.StateDir+" can be written"
	exists, err := k.folder(dir).Has(statedir.StateFile)
	if err == nil {
		err = k.folder(dir).RefuseOthers()
	}
	switch {
	case err != nil:
	case exists:
		if k.state, err = store.Open(dir, k.logger(k.config)); err == nil {
			err = daemon.Probe(dir)
		}
		if errors.Is(err, store.ErrLocked) {
			err = fmt.Errorf("another collector process uses %s, and no daemon answers at %s: wait until that process has started or stopped, then run check again",
				dir, daemon.SocketOf(dir))
		}
	default:
		k.fresh = true
		well = dir + " holds no state yet; the first run creates it"
		err = creatable(dir)
	}
	k.line("state_dir", well, err)
}

// closeState releases the state folder for the next process.
func (k *checkRun) closeState() {
	if k.state == nil {
		return
	}
	if err := k.state.Close(); err != nil {
		k.line("state_dir", "", err)
	}
}

// creatable returns why files can't be created in dir, which may not exist yet.
func creatable(dir string) error {
	for at := dir; ; at = filepath.Dir(at) {
		err := unix.Faccessat(unix.AT_FDCWD, at, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at):
			return fmt.Errorf("%s cannot be written: %s: %w; change its owner or permissions, or name another folder", dir, at, err)
		}
	}
}

// askDaemon reads the status of the daemon of the state folder.
func (k *checkRun) askDaemon(ctx context.Context, client *http.Client) {
	s, err := daemon.ReadStatus(ctx, client, daemon.SocketURL)
	if err != nil {
		k.line("daemon", "", fmt.Errorf("a daemon runs on %s, but its status cannot be read: %w; see its log", k.config.StateDir, err))
		return
	}
	k.daemon = s
	k.line("daemon", fmt.Sprintf("version %s runs on %s and accepts reports", s.Version, k.config.StateDir), ready(ctx, client))
}

// ready returns why a daemon accepts no reports.
func ready(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, daemon.SocketURL+"/-/ready", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the running daemon reports: %s", strings.TrimSpace(string(text)))
	}
	return err
}
