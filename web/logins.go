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

// mostChecks is how many passwords of one client may be waiting. A browser that still has its login sends six requests at once.
const mostChecks = 8

var (
	errBusy  = errors.New("too many logins of one client")
	errLogin = errors.New("wrong user or password")
)

// noUser is a hash of no user's, so that an unknown user takes as long as a wrong password.
const noUser = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

// logins checks passwords, which takes a processor's tenth of a second each: one at a time, the clients in turn, so that who
// guesses delays others by a check. A password that was right is known from then on.
type logins struct {
	key  []byte        // of the memory of passwords
	turn chan struct{} // is held while one is checked

	mu    sync.Mutex
	right map[string]string // by user: the last right password's code
	lines map[string]*line  // by client
}

// line are the checks of one client.
type line struct {
	turn    chan struct{}
	waiting int
}

func newLogins() *logins {
	key := make([]byte, sha256.Size)
	rand.Read(key)
	return &logins{key: key, turn: make(chan struct{}, 1), right: make(map[string]string), lines: make(map[string]*line)}
}

// check is nil if password is the one of hash, that of user; an empty hash is that of an unknown user.
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
		_ = bcrypt.CompareHashAndPassword([]byte(noUser), []byte(password)) // for the time it takes
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

// code stands for a password and its hash. It is good in this process only.
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
