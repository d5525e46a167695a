package keyring

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"alpemix-collector/internal/secret"
)

// TestRename: keys follow their account, also where names change places, and none is lost where a folder is in the way.
func TestRename(t *testing.T) {
	k := New(t.TempDir())
	put := func(account, key string) {
		t.Helper()
		slot, err := k.Reserve(account, "c")
		if err == nil {
			err = errors.Join(slot.Keep(secret.New(key)), slot.Assign("c"), slot.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(account, key string) {
		t.Helper()
		if got, err := k.Key(account, "c"); err != nil || got.Reveal() != key {
			t.Errorf("%s has %q, %v", account, got.Reveal(), err)
		}
	}
	put("a", "key-of-a")
	put("b/b", "key-of-b")
	if err := k.Rename(map[string]string{"a": "b/b", "b/b": "a", "none": "other"}); err != nil {
		t.Fatal(err)
	}
	want("a", "key-of-b")
	want("b/b", "key-of-a")
	put("c", "key-of-c")
	if err := k.Rename(map[string]string{"a": "c"}); err == nil {
		t.Error("a folder that is in the way is no error")
	}
	want("c", "key-of-c")
}

// TestRenameInterrupted: wherever a call is interrupted, the next start completes it, even if it knows
// of no renaming.
func TestRenameInterrupted(t *testing.T) {
	swap := map[string]string{"a": "b", "b": "a"}
	for _, again := range []map[string]string{nil, swap} {
		for step, interrupted := 1, true; interrupted; step++ {
			k := New(t.TempDir())
			for _, account := range []string{"a", "b", "z"} {
				if _, err := k.Put(account, "c", secret.New("key-of-"+account)); err != nil {
					t.Fatal(err)
				}
			}
			calls := 0
			k.sync = func(*os.File) error {
				if calls++; calls >= step {
					return errors.New("interrupted")
				}
				return nil
			}
			interrupted = k.Rename(swap) != nil
			planned := calls > 1 // before that nothing has happened, and the rows' move brings the accounts again
			k.sync = (*os.File).Sync
			if err := k.Rename(nil); err != nil {
				t.Errorf("step %d: %v", step, err)
			}
			if !planned {
				if err := k.Rename(again); err != nil {
					t.Errorf("step %d: %v", step, err)
				}
				planned = again != nil
			}
			want := map[string]string{"a": "a", "b": "b", "z": "z"}
			if planned {
				want["a"], want["b"] = "b", "a"
			}
			for account, owner := range want {
				if key, err := k.Key(account, "c"); err != nil || key.Reveal() != "key-of-"+owner {
					t.Errorf("step %d: %s has %q, %v", step, account, key.Reveal(), err)
				}
			}
			if entries, err := k.List(); err != nil || len(entries) != 3 {
				t.Errorf("step %d: listed %v, %v", step, fmt.Sprint(entries), err)
			}
		}
	}
}
