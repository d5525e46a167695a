package keyring

import (
	"os"
	"strings"
	"testing"
)

// TestAKeyWrittenByHandIsChecked like any other key.
func TestAKeyWrittenByHandIsChecked(t *testing.T) {
	k := New(t.TempDir())
	_, err := k.Put("de", "7", apiKey)
	must(t, err)
	for text, want := range map[string]string{"\ufeffkey\n": "a byte order mark (U+FEFF)", "a\u200bkey\n": "a zero-width space (U+200B)", "\xfekey": "is not UTF-8", `"key"`: "is in quotes"} {
		must(t, os.WriteFile(k.Path("de", "7"), []byte(text), 0o600))
		key, err := k.Key("de", "7")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), k.Path("de", "7")) || !key.Empty() {
			t.Errorf("%q: %v", text, err)
		}
	}
}
