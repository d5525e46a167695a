package dashboards_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// selection has the chosen values of each variable; nil is All.
type selection map[string][]string

// view is a dashboard as someone views it.
type view struct {
	from, to time.Time
	interval time.Duration
	chosen   selection
	options  map[string][]string // of the variables that All can be chosen of
}

// expand returns the query that reaches ClickHouse, after the plugin's front end in the browser and
// its back end.
func (v *view) expand(t testing.TB, sql string) string {
	t.Helper()
	sql = v.conditions(t, sql)
	sql = v.interpolate(t, sql)
	sql = v.macros(t, sql)
	if rest := regexp.MustCompile(`\$[\w{]+`).FindString(sql); rest != "" {
		t.Fatalf("%s means nothing to Grafana or its plugin\n%s", rest, sql)
	}
	return sql
}

// conditions is the plugin's applyConditionalAll: the last call first; the condition itself unless
// All or nothing is chosen.
func (v *view) conditions(t testing.TB, sql string) string {
	t.Helper()
	const macro = "$__conditionalAll("
	for {
		start := strings.LastIndex(sql, macro)
		if start < 0 {
			return sql
		}
		arguments, end := macroArguments(sql, start+len(macro)-1)
		if len(arguments) != 2 {
			t.Fatalf("$__conditionalAll has %d arguments\n%s", len(arguments), sql[start:])
		}
		name := strings.TrimPrefix(strings.TrimSpace(arguments[1]), "$")
		values, known := v.chosen[name]
		condition := arguments[0]
		switch {
		case !known:
			t.Fatalf("$__conditionalAll of $%s, which is no variable of this dashboard", name)
		case values == nil || strings.Join(values, ",") == "":
			condition = "1=1"
		}
		// It is JavaScript's String.replace, which gives these a meaning in the condition.
		for _, special := range []string{"$$", "$&", "$`", "$'", "$<"} {
			if strings.Contains(condition, special) {
				t.Fatalf("the plugin would not put %s of a condition where it has to be\n%s", special, condition)
			}
		}
		call := sql[start:end]
		sql = strings.Replace(sql, call, condition, 1)
	}
}

// macroArguments returns the arguments of the call whose parenthesis is at open, and where the call
// ends. Like the plugin, it ignores quotes.
func macroArguments(sql string, open int) (arguments []string, end int) {
	depth, last := 0, open+1
	for i := open; i < len(sql); i++ {
		switch sql[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 1 {
				arguments, last = append(arguments, sql[last:i]), i+1
			}
		}
		if depth == 0 {
			return append(arguments, sql[last:i]), i + 1
		}
	}
	return nil, len(sql)
}

var templateVariable = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::(\w+))?\}`)

// interpolate inserts the values of variables as Grafana formats them.
func (v *view) interpolate(t testing.TB, text string) string {
	t.Helper()
	return templateVariable.ReplaceAllStringFunc(text, func(match string) string {
		part := templateVariable.FindStringSubmatch(match)
		name, format := part[1]+part[2], part[3]
		values, known := v.chosen[name]
		if !known {
			return match
		}
		if values == nil {
			values = v.options[name]
		}
		switch format {
		case "singlequote": // backslashes stay as they are
			quoted := make([]string, len(values))
			for i, value := range values {
				quoted[i] = "'" + strings.ReplaceAll(value, "'", `\'`) + "'"
			}
			return strings.Join(quoted, ",")
		case "csv":
			return strings.Join(values, ",")
		case "percentencode":
			if len(values) != 1 {
				t.Fatalf("%s of several values", match)
			}
			return strings.NewReplacer("+", "%20").Replace(url.QueryEscape(values[0]))
		case "":
			if len(values) != 1 {
				t.Fatalf("%s of several values", match)
			}
			return values[0]
		}
		t.Fatalf("the tests do not know the format of %s", match)
		return ""
	})
}

var backendMacro = regexp.MustCompile(`\$__(\w+)(\(([^()]*)\))?`)

// macros does what the plugin's back end does.
func (v *view) macros(t testing.TB, sql string) string {
	t.Helper()
	seconds := func(at time.Time) string { return fmt.Sprintf("toDateTime(%d)", at.Unix()) }
	return backendMacro.ReplaceAllStringFunc(sql, func(match string) string {
		part := backendMacro.FindStringSubmatch(match)
		name, hasArguments, argument := part[1], part[2] != "", part[3]
		switch name {
		case "timeFilter":
			return argument + " >= " + seconds(v.from) + " AND " + argument + " <= " + seconds(v.to)
		case "timeInterval":
			return fmt.Sprintf("toStartOfInterval(toDateTime(%s), INTERVAL %d second)", argument, int(v.interval.Seconds()))
		}
		if hasArguments {
			t.Fatalf("the tests do not know %s", match)
		}
		switch name {
		case "fromTime":
			return seconds(v.from)
		case "toTime":
			return seconds(v.to)
		case "interval_s":
			return fmt.Sprint(int(v.interval.Seconds()))
		}
		t.Fatalf("the tests do not know %s", match)
		return ""
	})
}

func TestExpansionIsThatOfThePlugin(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	v := &view{from: at, to: at.Add(time.Hour), interval: time.Minute, options: map[string][]string{"staff": {"a", "b"}}}
	for _, c := range []struct {
		name string
		selection
		sql, want string
	}{
		{"All is no condition", selection{"staff": nil}, "WHERE $__conditionalAll(staff IN (${staff:singlequote}), $staff) AND x", "WHERE 1=1 AND x"},
		{"nor is nothing", selection{"text": {""}}, "WHERE $__conditionalAll(position(a, '${text:percentencode}') > 0, $text)", "WHERE 1=1"},
		{"one", selection{"staff": {"a"}}, "WHERE $__conditionalAll(staff IN (${staff:singlequote}), $staff)", "WHERE staff IN ('a')"},
		{"quotes", selection{"staff": {"O'B", `"x"`}}, "WHERE $__conditionalAll(staff IN (${staff:singlequote}), $staff)", `WHERE staff IN ('O\'B','"x"')`},
		{"percent", selection{"text": {`C:\n'&ü %`}}, "'${text:percentencode}'", "'C%3A%5Cn%27%26%C3%BC%20%25'"},
		{"two", selection{"a": {"1"}, "b": nil}, "$__conditionalAll(f(x, (y)) = $a, $a) OR $__conditionalAll(z, $b)", "f(x, (y)) = 1 OR 1=1"},
		{"time", selection{}, "$__timeFilter(at) $__timeInterval(at) $__fromTime $__toTime $__interval_s", "at >= toDateTime(1700000000) AND at <= toDateTime(1700003600) " +
			"toStartOfInterval(toDateTime(at), INTERVAL 60 second) toDateTime(1700000000) toDateTime(1700003600) 60"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v.chosen = c.selection
			if got := v.expand(t, c.sql); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}
