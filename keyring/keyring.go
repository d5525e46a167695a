// Package keyring keeps the API keys of lima-city's customers, each in a file that only its owner
// may read. The vendor returns a key once, in the answer that creates the customer, so space for it
// is reserved on disk before that call is sent.
package keyring

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"alpemix-collector/internal/durable"
	"alpemix-collector/internal/secret"
)

// folder is a folder in the state folder. It has a folder per account, with a file per customer.
const folder = "limacity-keys"

// ErrNoKey is returned for a customer without a stored key.
var ErrNoKey = errors.New("no key")

// Keyring manages the keys in one state folder.
type Keyring struct {
	state, dir string
	// sync flushes a file or a folder to disk. Tests replace it to simulate crashes.
	sync func(*os.File) error
}

// New returns a Keyring. It does no I/O.
func New(stateDir string) *Keyring {
	return &Keyring{stateDir, filepath.Join(stateDir, folder), (*os.File).Sync}
}

// Path returns the file of a customer's key.
func (k *Keyring) Path(account, customer string) string {
	return filepath.Join(k.dir, fileName(account), fileName(customer))
}

// fileName escapes slashes and leading dots, so that the result names a file in a folder.
func fileName(name string) string {
	name = url.PathEscape(name)
	if strings.HasPrefix(name, ".") {
		name = "%2E" + name[1:]
	}
	return name
}

// Key returns a customer's key. It returns ErrNoKey for a customer without one.
func (k *Keyring) Key(account, customer string) (key secret.Value, err error) {
	path := k.Path(account, customer)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return key, fmt.Errorf("the key of customer %s cannot be read: %w", customer, durable.Explain(err))
	}
	key = content(text)
	if key.Empty() {
		return key, fmt.Errorf("%w of customer %s of account %s is stored (%s)", ErrNoKey, customer, account, path)
	}
	if err := secret.Check(key.Reveal()); err != nil { // someone may have edited it
		return secret.Value{}, fmt.Errorf("the key of customer %s in %s %w", customer, path, err)
	}
	return key, nil
}

// content returns the key in a file's text. Blanks are reserved space that was not used.
func content(text []byte) secret.Value {
	return secret.New(strings.TrimSpace(string(text)))
}

// Entry is a stored key, without its content.
type Entry struct {
	Account  string
	Customer string // the id or, if the vendor did not return one, @ and the user name
	StoredAt time.Time
}

// List returns which keys are stored. A folder or key that can't be read is an error, because a key
// may be there.
func (k *Keyring) List() (all []Entry, err error) {
	accounts, err := entriesOf(k.dir)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if !account.IsDir() {
			continue
		}
		files, err := entriesOf(filepath.Join(k.dir, account.Name()))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			entry, ok, err := k.entry(account.Name(), file)
			if err != nil {
				return nil, fmt.Errorf("a key cannot be read: %w", durable.Explain(err))
			}
			if ok {
				all = append(all, entry)
			}
		}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), natural(a.Customer, b.Customer))
	})
	return all, nil
}

// entriesOf returns a folder's entries, or none if there is no such folder.
func entriesOf(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the stored keys cannot be listed: %w", durable.Explain(err))
	}
	return entries, nil
}

// entry reads a file in an account's folder. ok reports whether it holds a key.
func (k *Keyring) entry(account string, file fs.DirEntry) (e Entry, ok bool, err error) {
	path := filepath.Join(k.dir, account, file.Name())
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return e, false, nil
	}
	if err != nil {
		return e, false, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return e, false, err
	}
	account, badAccount := url.PathUnescape(account)
	customer, badCustomer := url.PathUnescape(file.Name())
	if content(text).Empty() || badAccount != nil || badCustomer != nil {
		return e, false, nil
	}
	return Entry{account, customer, info.ModTime()}, true, nil
}

// natural orders ids by length first, so that 9 comes before 10.
func natural(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }
