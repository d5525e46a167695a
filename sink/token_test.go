package sink

import (
	"reflect"
	"testing"
	"time"

	"alpemix-collector/report"
)

func tokenOf[T any](t *testing.T, table *table[T], rows []T) string {
	t.Helper()
	e := encoder[T]{table: table}
	return e.token(rows)
}

func TestTokenIsTheContent(t *testing.T) {
	tokenFollows(t, &connectionTable, connection(1), connection(2))
	tokenFollows(t, &rejectTable, report.Reject{At: at}, report.Reject{At: at, Hash: 7})
	tokenFollows(t, &dayTable, report.DayStatus{State: report.DayOpen}, report.DayStatus{State: report.DayOpen, Day: 7})
	tokenFollows(t, &fetchTable, report.Fetch{At: at}, report.Fetch{At: at, Job: "today"})
	tokenFollows(t, &allotmentTable, allotment(), report.AllotmentPeriod{At: at, ValidFrom: at})
	tokenFollows(t, &snapshotTable, report.SnapshotMark{At: at}, report.SnapshotMark{At: at, Customers: 7})
	tokenFollows(t, &provisioningTable, report.Provisioning{At: at}, report.Provisioning{At: at, Action: "user/add"})
	tokenFollows(t, &customerTable, report.CustomerChange{Version: 1}, report.CustomerChange{Version: 7})
}

// tokenFollows changes every field of a row in turn. A field whose change leaves the token alone would let ClickHouse drop
// the changed row as a repetition.
func tokenFollows[T any](t *testing.T, table *table[T], row, other T) {
	t.Helper()
	seen := map[string]string{}
	add := func(what string, rows ...T) {
		token := tokenOf(t, table, rows)
		if len(token) < 32 {
			t.Errorf("%s: the token %q is short", table.name, token)
		}
		if before, ok := seen[token]; ok {
			t.Errorf("%s: %s has the token of %s", table.name, what, before)
		}
		seen[token] = what
		if again := tokenOf(t, table, rows); again != token {
			t.Errorf("%s: %s has two tokens", table.name, what)
		}
	}
	add("one row", row)
	add("another row", other)
	add("both", row, other)
	add("both in the other order", other, row)
	add("the row twice", row, row)
	eachField(reflect.ValueOf(&row).Elem(), table.name, func(what string) { add(what, row) })
}

// eachField calls changed with every field of v changed, one at a time.
func eachField(v reflect.Value, path string, changed func(what string)) {
	for i := range v.NumField() {
		field, name := v.Field(i), path+"."+v.Type().Field(i).Name
		if name == "day_rows.ReadAt" || name == "day_rows.WatchedAt" || name == "day_rows.Listed" { // not for ClickHouse
			continue
		}
		if field.Kind() == reflect.Struct && field.Type() != reflect.TypeFor[time.Time]() {
			eachField(field, name, changed)
			continue
		}
		kept := reflect.New(field.Type()).Elem()
		kept.Set(field)
		switch value := field.Interface().(type) {
		case time.Time:
			if value.IsZero() {
				value = at
			}
			field.Set(reflect.ValueOf(value.Add(time.Second)))
		case time.Duration:
			field.SetInt(int64(value + time.Second))
		case report.Mode:
			field.Set(reflect.ValueOf(report.ModePresentation))
		case report.DayState:
			field.Set(reflect.ValueOf(report.DaySealed))
		default:
			switch field.Kind() {
			case reflect.String:
				field.SetString(field.String() + "x")
			case reflect.Bool:
				field.SetBool(!field.Bool())
			case reflect.Float64:
				field.SetFloat(field.Float() + 1)
			case reflect.Uint64:
				field.SetUint(field.Uint() + 1)
			default:
				field.SetInt(field.Int() + 1)
			}
		}
		changed(name)
		field.Set(kept)
	}
}
