package keyring

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"alpemix-collector/internal/durable"
	"alpemix-collector/internal/secret"
)

// room is the number of bytes that are reserved for a key.
const room = 4096

// Slot is reserved space on disk for the key of a customer whose id is not known yet. Until it is,
// the file has the user name.
type Slot struct {
	keys    *Keyring
	account string
	file    *os.File
	moved   bool // the file has been renamed
}

// Reserve reserves space for the key of a customer who is about to be created. After an error, the
// call must not be sent.
func (k *Keyring) Reserve(account, username string) (*Slot, error) {
	s, err := k.reserve(account, "@"+username)
	if err != nil {
		return nil, fmt.Errorf("not enough space for the key of %s, so nothing was sent: %w", username, durable.Explain(err))
	}
	return s, nil
}

func (k *Keyring) reserve(account, name string) (*Slot, error) {
	path := k.Path(account, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	switch ours, err := durable.TryLock(file); {
	case err != nil:
		return nil, errors.Join(err, file.Close())
	case !ours:
		return nil, errors.Join(fmt.Errorf("%s: another process is creating this customer", path), file.Close())
	}
	s := &Slot{keys: k, account: account, file: file}
	if err := s.fill(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// fill reserves the space by writing blanks. It refuses to overwrite a key: its customer was
// created and nobody knows the id.
func (s *Slot) fill() error {
	text, err := io.ReadAll(s.file)
	if err != nil {
		return err
	}
	if !content(text).Empty() {
		return fmt.Errorf("%s already holds the key of a customer of this name, whose id the vendor did not return: rename that file to the id, which the vendor's pages show", s.file.Name())
	}
	if _, err := s.file.WriteAt([]byte(strings.Repeat("\n", room)), 0); err != nil {
		return err
	}
	if err := s.keys.sync(s.file); err != nil {
		return err
	}
	return s.keys.syncFolders(filepath.Dir(s.file.Name()))
}

func (k *Keyring) syncFolders(account string) error {
	for _, dir := range []string{account, k.dir, k.state} {
		if err := durable.SyncFolder(dir, k.sync); err != nil {
			return err
		}
	}
	return nil
}

// Keep writes the key to the file with the user name. When it returns without an error, the key is
// on disk.
func (s *Slot) Keep(key secret.Value) error {
	text := key.Reveal() + "\n"
	if len(text) > room || content([]byte(text)).Reveal() != key.Reveal() {
		return fmt.Errorf("this is not a key: it has %d bytes, or it starts or ends with blanks", len(key.Reveal()))
	}
	if _, err := s.file.WriteAt([]byte(text), 0); err != nil {
		return durable.Explain(err)
	}
	if err := errors.Join(s.file.Truncate(int64(len(text))), s.keys.sync(s.file)); err != nil {
		return durable.Explain(err)
	}
	return nil
}

// Assign stores the key under the customer's id. After an error the key stays where it is, and the
// error says where.
func (s *Slot) Assign(customer string) error {
	path := s.keys.Path(s.account, customer)
	if _, err := s.keys.Key(s.account, customer); !errors.Is(err, ErrNoKey) {
		return fmt.Errorf("the key is in %s, because another one is already in %s: check which of them is valid", s.file.Name(), path)
	}
	return s.move(path)
}

func (s *Slot) move(path string) error {
	if err := os.Rename(s.file.Name(), path); err != nil {
		return fmt.Errorf("the key is in %s: rename that file to %s: %w", s.file.Name(), filepath.Base(path), durable.Explain(err))
	}
	s.moved = true
	if err := s.keys.syncFolders(filepath.Dir(path)); err != nil {
		return fmt.Errorf("the key is in %s, but its name may not survive a power failure: %w", path, durable.Explain(err))
	}
	return nil
}

// Close releases the slot. It removes the file if no key was kept in it.
func (s *Slot) Close() error {
	var err error
	if !s.moved {
		var text []byte
		if text, err = os.ReadFile(s.file.Name()); err == nil && content(text).Empty() {
			err = os.Remove(s.file.Name())
		}
	}
	return errors.Join(err, s.file.Close())
}

// Put stores a key that was created in a customer's account. It reports whether it replaced another
// key.
func (k *Keyring) Put(account, customer string, key secret.Value) (replaced bool, err error) {
	s, err := k.reserve(account, "@"+customer)
	if err != nil {
		return false, fmt.Errorf("the key of customer %s cannot be stored: %w", customer, durable.Explain(err))
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Keep(key); err != nil {
		return false, err
	}
	_, absent := k.Key(account, customer)
	return absent == nil, s.move(k.Path(account, customer))
}
