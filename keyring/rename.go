package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"alpemix-collector/internal/durable"
)

// Names of no account's folder, because names are escaped and have no leading dot.
const (
	// aside has the folders of accounts on their way, under their new names.
	aside = "%moving"
	// plan is a file in aside while folders still go there: a JSON object of new names by old ones.
	plan = ".plan"
)

// Rename renames accounts from old to new names, which may be swapped, and completes an earlier call
// that was interrupted. The keys of an account that had a new name before stay in their folder, and
// Rename returns an error that says so.
func (k *Keyring) Rename(accounts map[string]string) error {
	err := k.resume()
	if err == nil && len(accounts) > 0 {
		if err = k.plan(accounts); err == nil {
			err = k.resume()
		}
	}
	return err
}

// plan records what is to be renamed. Nothing has moved before it is on disk.
func (k *Keyring) plan(accounts map[string]string) error {
	accounts = maps.Clone(accounts)
	maps.DeleteFunc(accounts, func(from, _ string) bool {
		_, err := os.Lstat(k.folder(from))
		return errors.Is(err, fs.ErrNotExist)
	})
	if len(accounts) == 0 {
		return nil
	}
	text, err := json.Marshal(accounts)
	if err == nil {
		err = os.MkdirAll(filepath.Join(k.dir, aside), 0o700)
	}
	path := filepath.Join(k.dir, aside, plan)
	if err == nil {
		err = k.write(path+".new", text)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = k.syncFolders(filepath.Join(k.dir, aside))
	}
	if err != nil {
		return fmt.Errorf("keys of renamed accounts cannot be moved: %w", durable.Explain(err))
	}
	return nil
}

func (k *Keyring) write(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = k.sync(f)
	}
	return errors.Join(err, f.Close())
}

// resume sets aside what the plan names, and then moves everything aside to its new name. Each step
// may be the last of an interrupted call.
func (k *Keyring) resume() error {
	if err := k.setAside(); err != nil {
		return fmt.Errorf("keys of renamed accounts cannot be moved: %w", durable.Explain(err))
	}
	entries, err := entriesOf(filepath.Join(k.dir, aside))
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		from, to := filepath.Join(k.dir, aside, e.Name()), filepath.Join(k.dir, e.Name())
		if err := k.moveFolder(from, to); err != nil {
			errs = append(errs, fmt.Errorf("keys of a renamed account are in %s and cannot be moved to %s: %w", from, to, durable.Explain(err)))
		}
	}
	return errors.Join(errs...)
}

// setAside moves the folders that the plan names aside, and ends the plan.
func (k *Keyring) setAside() error {
	path := filepath.Join(k.dir, aside, plan)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var accounts map[string]string
	if err == nil {
		err = json.Unmarshal(text, &accounts)
	}
	if err != nil {
		return err
	}
	for _, from := range slices.Sorted(maps.Keys(accounts)) {
		if _, err := os.Lstat(k.folder(from)); errors.Is(err, fs.ErrNotExist) {
			continue // it is aside
		}
		if err := k.moveFolder(k.folder(from), filepath.Join(k.dir, aside, fileName(accounts[from]))); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return k.syncFolders(filepath.Join(k.dir, aside))
}

// moveFolder renames a folder unless the new name exists.
func (k *Keyring) moveFolder(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s already exists", to)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return k.syncFolders(filepath.Join(k.dir, aside))
}

// folder returns the folder of an account's keys.
func (k *Keyring) folder(account string) string { return filepath.Join(k.dir, fileName(account)) }
