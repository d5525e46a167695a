package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"alpemix-collector/internal/durable"
)

// aside is added to the name of an account's folder while names are swapped. No account's folder
// ends so, because names are escaped.
const aside = "%moving"

// Rename renames accounts from old to new names, which may be swapped. The keys of an account that
// had a new name before stay in their folder, and Rename returns an error that says so.
func (k *Keyring) Rename(accounts map[string]string) error {
	folder := func(name string) string { return filepath.Join(k.dir, fileName(name)) }
	for from := range accounts {
		if err := os.Rename(folder(from), folder(from)+aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keys of account %s cannot be moved: %w", from, durable.Explain(err))
		}
	}
	var errs []error
	for from, to := range accounts {
		_, err := os.Lstat(folder(from) + aside)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if _, missing := os.Lstat(folder(to)); missing == nil {
			err = fmt.Errorf("%s already exists", folder(to))
		} else if err == nil {
			err = os.Rename(folder(from)+aside, folder(to))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("keys of account %s, now %s, are in %s and cannot be moved: %w",
				from, to, folder(from)+aside, durable.Explain(err)))
		}
	}
	return errors.Join(errs...)
}
