package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"alpemix-collector/internal/statedir"
	"alpemix-collector/store"
)

// ledger records the requests of checks before the state folder has a state, so that they share the
// vendor's limits. It is in the folder for temporary files; tokens stay in memory.
type ledger struct {
	*store.Store
	tokens map[[2]string]grant // by account and fingerprint of its credentials
}

type grant struct {
	token   string
	askedAt time.Time
}

// openLedger opens the ledger that belongs to the configured state folder.
func (k *checkRun) openLedger() (*ledger, error) {
	stateDir, err := filepath.Abs(k.config.StateDir)
	if err != nil {
		return nil, err
	}
	temporary := k.getenv("TMPDIR")
	if temporary == "" {
		temporary = os.TempDir()
	}
	dir := filepath.Join(temporary, fmt.Sprintf("collector-check-%.8x", sha256.Sum256(fmt.Appendf(nil, "%d %s", os.Geteuid(), stateDir))))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || statedir.OwnerOf(info) != os.Geteuid() { // others may write to its parent
		return nil, fmt.Errorf("%s is not a folder that only you can use; set TMPDIR to another folder", dir)
	}
	s, err := store.Open(dir, k.logger(k.config))
	return &ledger{s, map[[2]string]grant{}}, err
}

// Token implements alpemix.Ledger, as SetToken does.
func (l *ledger) Token(account, key string) (value string, askedAt time.Time) {
	g := l.tokens[[2]string{account, key}]
	return g.token, g.askedAt
}

func (l *ledger) SetToken(account, key, value string, askedAt time.Time) error {
	l.tokens[[2]string{account, key}] = grant{value, askedAt}
	return nil
}
