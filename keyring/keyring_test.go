package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"alpemix-collector/internal/secret"
)

var apiKey = secret.New("HnyxDQCkB6NUJCd6a7X43qIygcLVJ9ZR")

func reserve(t *testing.T, k *Keyring, username string) *Slot {
	t.Helper()
	s, err := k.Reserve("de", username)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// listed returns the keyring in short form.
func listed(t *testing.T, k *Keyring) (all []string) {
	t.Helper()
	entries, err := k.List()
	must(t, err)
	for _, e := range entries {
		all = append(all, e.Account+" "+e.Customer)
	}
	return all
}

func TestAKeyIsStored(t *testing.T) {
	k := New(filepath.Join(t.TempDir(), "st[a]te"))
	if got := listed(t, k); got != nil {
		t.Error(got)
	}
	s := reserve(t, k, "demouser1337")
	if got := listed(t, k); got != nil {
		t.Errorf("reserved space shows as a key: %v", got)
	}
	must(t, s.Keep(apiKey), s.Assign("386557"), s.Close())
	key, err := k.Key("de", "386557")
	if err != nil || key.Reveal() != apiKey.Reveal() {
		t.Error(err)
	}
	path := k.Path("de", "386557")
	text, err := os.ReadFile(path)
	if err != nil || string(text) != apiKey.Reveal()+"\n" || path != filepath.Join(k.state, "limacity-keys", "de", "386557") {
		t.Errorf("%s: %d bytes, %v", path, len(text), err)
	}
	for file, mode := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700, k.dir: 0o700} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
	must(t, reserve(t, k, "another").Close(), os.Mkdir(filepath.Join(k.dir, "de", "folder"), 0o700))
	for _, customer := range []string{"99", "100", "../../state.db", "..", ".hidden"} {
		_, err := k.Put("eu/west", customer, apiKey)
		must(t, err)
	}
	want := []string{"de 386557", "eu/west ..", "eu/west 99", "eu/west 100", "eu/west .hidden", "eu/west ../../state.db"}
	if got := listed(t, k); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if entries, err := k.List(); err != nil || strings.Contains(fmt.Sprintf("%+v", entries), apiKey.Reveal()) || entries[0].StoredAt.IsZero() {
		t.Errorf("%+v %v", entries, err)
	}
}

func TestNoKey(t *testing.T) {
	k := New(t.TempDir())
	_, err := k.Key("de", "7")
	if !errors.Is(err, ErrNoKey) || err.Error() != "no key of customer 7 of account de is stored ("+k.Path("de", "7")+")" {
		t.Error(err)
	}
	must(t, os.MkdirAll(k.Path("de", "7"), 0o700))
	if _, err := k.Key("de", "7"); err == nil || errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
}

// TestKeyWithoutID: a key has the user name until someone renames it. No other customer of that
// name can be created meanwhile.
func TestKeyWithoutID(t *testing.T) {
	k := New(t.TempDir())
	s := reserve(t, k, "demouser1337")
	must(t, s.Keep(apiKey), s.Close())
	if got := listed(t, k); !slices.Equal(got, []string{"de @demouser1337"}) {
		t.Errorf("%q", got)
	}
	_, err := k.Reserve("de", "demouser1337")
	if err == nil || !strings.Contains(err.Error(), "so nothing was sent") || !strings.Contains(err.Error(), "rename that file to the id") {
		t.Error(err)
	}
	if key, err := k.Key("de", "@demouser1337"); err != nil || key.Reveal() != apiKey.Reveal() {
		t.Error(err)
	}
}

func TestNoKeyIsOverwritten(t *testing.T) {
	k := New(t.TempDir())
	other := secret.New("other")
	if replaced, err := k.Put("de", "386557", other); replaced || err != nil {
		t.Error(replaced, err)
	}
	s := reserve(t, k, "demouser1337")
	must(t, s.Keep(apiKey))
	err := s.Assign("386557")
	if err == nil || !strings.Contains(err.Error(), "the key is in "+k.Path("de", "@demouser1337")) {
		t.Error(err)
	}
	must(t, s.Close())
	if got := listed(t, k); !slices.Equal(got, []string{"de 386557", "de @demouser1337"}) {
		t.Errorf("%q", got)
	}
	if replaced, err := k.Put("de", "386557", apiKey); !replaced || err != nil { // replaced on a person's request
		t.Error(replaced, err)
	}
	if key, err := k.Key("de", "386557"); err != nil || key.Reveal() != apiKey.Reveal() {
		t.Error(err)
	}
}

func TestTwoProcessesMakeOneCustomer(t *testing.T) {
	k := New(t.TempDir())
	s := reserve(t, k, "demouser1337")
	if _, err := k.Reserve("de", "demouser1337"); err == nil || !strings.Contains(err.Error(), "another process is creating this customer") {
		t.Error(err)
	}
	must(t, s.Keep(apiKey))
	if got := listed(t, k); len(got) != 1 {
		t.Errorf("the other one took the slot: %q", got)
	}
	must(t, s.Close())
}

func TestWhatIsNoKey(t *testing.T) {
	k := New(t.TempDir())
	for _, text := range []string{"", " x", "x\n", strings.Repeat("x", room)} {
		s := reserve(t, k, "demouser1337")
		if err := s.Keep(secret.New(text)); text != "" && (err == nil || strings.Contains(err.Error(), "x")) {
			t.Errorf("%q: %v", text, err)
		}
		must(t, s.Close())
	}
	if got := listed(t, k); got != nil {
		t.Errorf("%q", got)
	}
}

// TestDiskFails: nothing is sent before space is reserved. If the disk fails later, the error says
// where the key is, or no file holds one.
func TestDiskFails(t *testing.T) {
	// Reserve flushes the file and three folders to disk, Keep the file, Assign three folders.
	for step := 1; step <= 8; step++ {
		k, n := New(t.TempDir()), 0
		k.sync = func(*os.File) error {
			if n++; n == step {
				return errors.New("input/output error")
			}
			return nil
		}
		s, err := k.Reserve("de", "demouser1337")
		if step <= 4 {
			if err == nil || !strings.Contains(err.Error(), "so nothing was sent: input/output error") {
				t.Errorf("%d: %v", step, err)
			}
			if names, err := os.ReadDir(filepath.Join(k.dir, "de")); err != nil || len(names) != 0 {
				t.Errorf("%d: left %v %v", step, names, err)
			}
			continue
		}
		must(t, err)
		err = s.Keep(apiKey)
		if step == 5 {
			if err == nil || strings.Contains(err.Error(), apiKey.Reveal()) {
				t.Error(err)
			}
			continue
		}
		must(t, err)
		if err := s.Assign("386557"); err == nil || !strings.Contains(err.Error(), "the key is in "+k.Path("de", "386557")) {
			t.Errorf("%d: %v", step, err)
		}
		must(t, s.Close())
		if key, err := k.Key("de", "386557"); err != nil || key.Reveal() != apiKey.Reveal() {
			t.Errorf("%d: %v", step, err)
		}
	}
}

// TestRenameFails: the key stays where it is if its file cannot be renamed.
func TestRenameFails(t *testing.T) {
	k := New(t.TempDir())
	s := reserve(t, k, "demouser1337")
	must(t, s.Keep(apiKey), os.Mkdir(k.Path("de", "386557"), 0o700))
	must(t, os.WriteFile(filepath.Join(k.Path("de", "386557"), "x"), nil, 0o600))
	if err := s.Assign("386557"); err == nil || !strings.Contains(err.Error(), "the key is in "+k.Path("de", "@demouser1337")) {
		t.Error(err)
	}
	must(t, s.Close())
	if key, err := k.Key("de", "@demouser1337"); err != nil || key.Reveal() != apiKey.Reveal() {
		t.Error(err)
	}
}

// TestPowerLoss: what was not flushed to disk is lost.
func TestPowerLoss(t *testing.T) {
	k, disk := New(t.TempDir()), map[string]string{}
	k.sync = func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if !info.IsDir() {
			text, err := os.ReadFile(f.Name())
			disk[f.Name()] = strings.TrimSpace(string(text)) + fmt.Sprint(" ", len(text))
			return err
		}
		names, err := filepath.Glob(filepath.Join(f.Name(), "*"))
		disk[f.Name()] = strings.Join(names, " ")
		return err
	}
	path, nameless := k.Path("de", "386557"), k.Path("de", "@demouser1337")
	check := func(file, content string) {
		t.Helper()
		for dir, entry := range map[string]string{k.state: k.dir, k.dir: filepath.Dir(path), filepath.Dir(path): file} {
			if disk[dir] != entry {
				t.Errorf("%s has on the disk %q, want %s", dir, disk[dir], entry)
			}
		}
		if disk[nameless] != content {
			t.Errorf("%q", disk[nameless])
		}
	}
	s := reserve(t, k, "demouser1337")
	check(nameless, fmt.Sprint(" ", room))
	must(t, s.Keep(apiKey))
	check(nameless, apiKey.Reveal()+" 33")
	must(t, s.Assign("386557"))
	check(path, apiKey.Reveal()+" 33")
}
