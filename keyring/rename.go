package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"alpemix-collector/internal/durable"
)

// aside is added to the name of an account's folder while names change places. No account's folder ends so: names are escaped.
const aside = "%moving"

// Rename gives accounts other names, from old to new. Names may be swapped. Keys of an account that had the new name before and
// has left it are kept in their folder, and an error says so.
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
		if _, there := os.Lstat(folder(to)); there == nil {
			err = fmt.Errorf("%s is there already", folder(to))
		} else if err == nil {
			err = os.Rename(folder(from)+aside, folder(to))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("keys of account %s, now %s, are in %s and cannot be moved: %w", from, to, folder(from)+aside, durable.Explain(err)))
		}
	}
	return errors.Join(errs...)
}
