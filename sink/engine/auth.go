package engine

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

const daemonUser = "collector"

// Credential is the user name and password by which the daemon, and commands beside it, may write to the engine of dir. The
// password is made at the first call and kept in dir, readable by the owner only; who can read that file owns the data anyway.
func Credential(dir string) (user, password string, err error) {
	path := filepath.Join(dir, "credential")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", fmt.Errorf("embedded ClickHouse: cannot make its folder: %w", err)
	}
	for range 2 {
		b, err := os.ReadFile(path)
		if err == nil {
			if password = strings.TrimSpace(string(b)); len(password) < 20 {
				return "", "", fmt.Errorf("embedded ClickHouse: %s holds no password; delete it and start again", path)
			}
			return daemonUser, password, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", "", fmt.Errorf("embedded ClickHouse: cannot read the credential: %w", err)
		}
		if err := createWhole(path, rand.Text()+rand.Text()); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", "", fmt.Errorf("embedded ClickHouse: cannot write the credential: %w", err)
		}
	}
	return "", "", fmt.Errorf("embedded ClickHouse: %s keeps disappearing", path)
}

// createWhole writes a new file such that nobody sees half of it, also after a power cut, and fails with fs.ErrExist where there
// is one.
func createWhole(path, content string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".credential-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(content + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// authenticate tells who sends r: the daemon, or a reader, who is called default and has no password. Credentials come, as
// with ClickHouse, by headers, by Basic or in the URL.
func authenticate(r *http.Request, password string) (daemon bool, err error) {
	user, key := r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
	if user == "" && key == "" {
		if u, p, ok := r.BasicAuth(); ok {
			user, key = u, p
		} else {
			user, key = r.URL.Query().Get("user"), r.URL.Query().Get("password")
		}
	}
	switch {
	case user == daemonUser && subtle.ConstantTimeCompare([]byte(key), []byte(password)) == 1:
		return true, nil
	case (user == "" || user == "default") && key == "":
		return false, nil
	}
	if user == "" {
		user = "default"
	}
	return false, refuse(codeAuthenticationFailed, "%s: Authentication failed: password is incorrect, or there is no user with such name", user)
}
