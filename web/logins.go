package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// mostChecks is how many password checks of one client may wait. A browser with a stored login
// sends six requests at once.
const mostChecks = 8

var (
	errBusy  = errors.New("too many logins from one client")
	errLogin = errors.New("wrong user or password")
)

// noUser is the hash of no user's password, so that an unknown user takes as long as a wrong
// password.
const noUser = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

// logins checks passwords. A check takes a tenth of a second of CPU time, so they run one at a
// time, clients in turn: someone who guesses delays others by one check. A correct password is
// remembered.
type logins struct {
	key  []byte        // for code
	turn chan struct{} // held during a check

	mu    sync.Mutex
	right map[string]string // by user: code of the last correct password
	lines map[string]*line  // by client
}

// line is the queue of one client's checks.
type line struct {
	turn    chan struct{}
	waiting int
}

func newLogins() *logins {
	key := make([]byte, sha256.Size)
	rand.Read(key)
	return &logins{key: key, turn: make(chan struct{}, 1), right: make(map[string]string), lines: make(map[string]*line)}
}

// check returns nil if hash is the user's hash and password matches it. An empty hash means an
// unknown user.
func (l *logins) check(ctx context.Context, client, user, hash, password string) error {
	if user == "" && password == "" {
		return errLogin
	}
	code := l.code(hash, password)
	if l.known(user, code) {
		return nil
	}
	own, err := l.enter(client)
	if err != nil {
		return err
	}
	defer l.leave(client, own)
	for _, turn := range []chan struct{}{own.turn, l.turn} {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if l.known(user, code) {
		return nil
	}
	if hash == "" {
		_ = bcrypt.CompareHashAndPassword([]byte(noUser), []byte(password)) // takes the usual time
		return errLogin
	}
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) != nil {
		return errLogin
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.right[user] = code
	return nil
}

// code identifies a password and its hash. It is valid only in this process.
func (l *logins) code(hash, password string) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(hash + "\x00" + password))
	return string(mac.Sum(nil))
}

func (l *logins) known(user, code string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return hmac.Equal([]byte(l.right[user]), []byte(code))
}

func (l *logins) enter(client string) (*line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.lines[client]
	if own == nil {
		own = &line{turn: make(chan struct{}, 1)}
		l.lines[client] = own
	}
	if own.waiting == mostChecks {
		return nil, errBusy
	}
	own.waiting++
	return own, nil
}

func (l *logins) leave(client string, own *line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if own.waiting--; own.waiting == 0 {
		delete(l.lines, client)
	}
}
