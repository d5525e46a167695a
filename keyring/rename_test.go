package keyring

import (
	"alpemix-collector/internal/secret"
	"errors"
	"testing"
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
