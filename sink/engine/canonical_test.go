package engine

import (
	"strings"
	"testing"
	"time"
)

func TestCheckCanonical(t *testing.T) {
	e := &engine{
		settings: words("max_threads interactive_delay log_comment max_execution_time"), formats: words("json template csv"), memory: 1 << 30,
	}
	for text, want := range map[string]string{
		"SELECT 1": "", "SELECT SETTINGS, FORMAT FROM t": "", "SELECT 'SETTINGS log_comment = 1'": "", "SELECT SETTINGS = 1": "",
		"SELECT `SETTINGS`, x = 1 FROM t AS SETTINGS WHERE a = 1": "",
		"SELECT 1\nSETTINGS max_threads = 1":                      "", "SELECT 1\nSETTINGS max_threads = 1\nFORMAT JSON": "",
		"SELECT 1\nSETTINGS max_threads = 1 UNION ALL SELECT 2, interactive_delay = 0":                           "",
		"SELECT 1\nSETTINGS interactive_delay = 0":                                                               "interactive_delay",
		"SELECT 1\nSETTINGS max_threads = 1, interactive_delay = 0":                                              "interactive_delay",
		"SELECT 1\nSETTINGS max_threads = 1 UNION ALL SELECT 1\nSETTINGS interactive_delay = 0":                  "interactive_delay",
		"SELECT (SELECT 1 SETTINGS interactive_delay = 0)":                                                       "interactive_delay",
		"SELECT 1\nFORMAT JSON\nSETTINGS interactive_delay = 0":                                                  "interactive_delay",
		"SELECT - -1, a --1\nSETTINGS interactive_delay = 0":                                                     "interactive_delay",
		"SELECT 1\nSETTINGS max_threads = {'a':(1, 2)}, interactive_delay = 0":                                   "max_threads",
		"SELECT f(SETTINGS interactive_delay = 0)":                                                               "interactive_delay",
		"SELECT 1\nSETTINGS `interactive_delay` = 0":                                                             "interactive_delay",
		"SELECT 1\nSETTINGS no.such = 1":                                                                         "no.such",
		"SELECT 1\nSETTINGS max_execution_time = 0":                                                              "max_execution_time",
		"SELECT 1\nSETTINGS max_execution_time = DEFAULT":                                                        "max_execution_time",
		"SELECT 1\nSETTINGS max_execution_time = 0.5":                                                            "",
		"SELECT CAST(x, 'UInt8'), accurateCastOrDefault(f(x, [1]), 'T', 1), CAST(x, 'T' AS t), cast FROM `CAST`": "",
		"SELECT CAST(x, 'Array(AggregateFunction(sum, UInt8))')":                                                 stateType, "SELECT `cast`(f(x, y), t)": stateType,
		"SELECT accurateCastOrDefault(x, concat('A', 'b'), 1)": stateType, "SELECT _CAST(x, 'A' || 'b')": stateType, "SELECT CAST(x)": stateType,
		"SELECT {p:Array(AggregateFunction(sum, UInt8))}": stateType, "SELECT {p:`AggregateFunction`(sum, UInt8)}": stateType,
		"SELECT * APPLY x -> CAST(x, {t:String})": stateType, "SELECT 'AggregateFunction'": "", "SELECT CAST(CAST(x, 'B'), y)": stateType,
		"SELECT 1\nFORMAT Template": "Template", "SELECT 1\nINTO OUTFILE 'x'": "file", "SELECT 1\nFORMAT CSV": "",
	} {
		err := e.checkCanonical(text, 1)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want …%s…", text, err, want)
		}
	}
}

// FuzzCanonical: a SETTINGS clause at the end of whatever the engine prints is found, and nothing
// panics or hangs.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"SELECT 1", "SELECT 'a\\'", "SELECT `a``b`", "SELECT SETTINGS a = ", "SELECT f(SETTINGS x = [1, 2", "SETTINGS . = 1", "FORMAT", "SETTINGS a.b.", "SETTINGS \"", "SELECT 1 SETTINGS max_threads = 'x"} {
		f.Add(s)
	}
	e := &engine{settings: words("interactive_delay"), formats: words("json"), memory: 1}
	f.Fuzz(func(t *testing.T, text string) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		e.checkCanonical(text, 1)
		tokens := canonicalTokens(text)
		if n := len(tokens); n > 0 && (tokens[n-1].kind == tokenString || tokens[n-1].kind == tokenName || tokens[n-1].kind == tokenOther) {
			return // a literal or bracket may be unclosed
		}
		if e.checkCanonical(text+"\nSETTINGS interactive_delay = 0", 1) == nil {
			t.Errorf("the setting was not found after %q", text)
		}
	})
}
