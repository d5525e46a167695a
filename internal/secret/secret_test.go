package secret

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"plain":                {"hunter2", ""},
		"empty":                {"", ""},
		"spaces inside":        {"correct horse battery", ""},
		"letters of Turkish":   {"şifre-ĞÜİ", ""},
		"emoji":                {"pass🔑", ""},
		"quotes inside":        {`a"b'c`, ""},
		"one quote":            {`"`, ""},
		"byte order mark":      {"\ufeffkey", "has a byte order mark (U+FEFF) at line 1, byte 1, which is invisible; remove it"},
		"no-break space":       {"key\u00a0", "has a no-break space (U+00A0) at line 1, byte 4"},
		"narrow space":         {"a\u202fb", "a narrow no-break space (U+202F) at line 1, byte 2"},
		"zero-width space":     {"k\u200bey", "a zero-width space (U+200B) at line 1, byte 2"},
		"after two-byte runes": {"şş\u200b", "(U+200B) at line 1, byte 5"},
		"soft hyphen":          {"k\u00adey", "a soft hyphen (U+00AD)"},
		"word joiner":          {"k\u2060ey", "a word joiner (U+2060)"},
		"direction":            {"k\u202eey", "a right-to-left override (U+202E)"},
		"isolate":              {"k\u2066ey", "a format character (U+2066)"},
		"tag":                  {"k\U000e0041", "a format character (U+E0041)"},
		"variation":            {"k\ufe0f", "a format character (U+FE0F)"},
		"Hangul filler":        {"k\u3164", "a Hangul filler (U+3164)"},
		"Braille blank":        {"k\u2800", "a blank Braille pattern (U+2800)"},
		"private use":          {"k\ue000", "a private character (U+E000)"},
		"replacement":          {"k\ufffd", "text that was damaged before (U+FFFD)"},
		"NUL":                  {"key\x00", "NUL (U+0000) at line 1, byte 4"},
		"tab":                  {"key\tx", "a tab (U+0009)"},
		"carriage return":      {"key\r", "a carriage return (U+000D) at line 1, byte 4"},
		"line feed":            {"key\n", "a line feed (U+000A) at line 1, byte 4"},
		"C1":                   {"k\u009bey", "a control character (U+009B)"},
		"delete":               {"k\x7f", "a control character (U+007F)"},
		"not UTF-8":            {"\xfeifre", "is not UTF-8: it has the byte 0xFE at line 1, byte 1; save it as UTF-8"},
		"surrogate":            {"k\xed\xa0\x80", "is not UTF-8: it has the byte 0xED at line 1, byte 2"},
		"blank before":         {" key", "has a space at its start or end, at line 1, byte 1"},
		"blanks after":         {"key  ", "has a space at its start or end, at line 1, byte 4"},
		"blank alone":          {" ", "has a space at its start or end, at line 1, byte 1"},
		"double quotes":        {`"key"`, `is in quotes (" at line 1, byte 1); remove them`},
		"single quotes":        {`'key'`, `is in quotes (' at line 1, byte 1)`},
		"typographic quotes":   {"“key”", "is in quotes (“ at line 1, byte 1)"},
		"German quotes":        {"„key“", "is in quotes („ at line 1, byte 1)"},
		"empty quotes":         {`""`, `is in quotes`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(c.text)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %s", err, c.want)
			case err != nil && len(c.text) > 3 && strings.Contains(err.Error(), "key"):
				t.Errorf("the error shows the secret: %s", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, text, want string }{
		"alone":            {"hunter2", "hunter2", ""},
		"a line end":       {"hunter2\n", "hunter2", ""},
		"of Windows":       {"hunter2\r\n", "hunter2", ""},
		"several":          {"hunter2\n\n", "hunter2", ""},
		"old Macintosh":    {"hunter2\r", "", "a carriage return (U+000D) at line 1, byte 8"},
		"two":              {"hunter2\r\r\n", "", "a carriage return (U+000D) at line 1, byte 8"},
		"empty":            {"", "", "is empty; it has to hold the secret alone"},
		"line ends alone":  {"\n\r\n", "", "is empty"},
		"two lines":        {"hunter2\nhunter3\n", "", "has several lines; it has to hold the secret alone"},
		"of Windows, too":  {"hunter2\r\nhunter3\r\n", "", "has several lines"},
		"empty first line": {"\nhunter2\n", "", "has several lines"},
		"of Notepad":       {"\ufeffhunter2\r\n", "", "a byte order mark (U+FEFF) at line 1, byte 1"},
		"UTF-16":           {"\xff\xfeh\x00u\x00n\x00", "", "is not UTF-8: it has the byte 0xFF at line 1, byte 1"},
		"long":             {strings.Repeat("h", Largest+1), "", "is not a file that holds a secret"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadFile(path)
			if c.want == "" && (err != nil || got.Text != c.text || got.Exposed) {
				t.Errorf("%+v %v", got, err)
			}
			if c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), path+" "+c.want) && !strings.HasPrefix(err.Error(), path+" has "+c.want) || strings.Contains(err.Error(), "hunter")) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none: no such file") {
		t.Error(err)
	}
	if _, err := ReadFile(dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Error(err)
	}
}
