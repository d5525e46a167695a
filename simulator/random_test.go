package simulator

import (
	"fmt"
	"reflect"
	"testing"
)

func TestRandomQuirks(t *testing.T) {
	drawn := map[string]map[string]bool{} // by field, the values
	for seed := range uint64(500) {
		q := RandomQuirks(seed)
		if q != RandomQuirks(seed) {
			t.Fatalf("seed %d draws one time this and one time that", seed)
		}
		if q.RawBackslashes && (q.Separator != 0 || q.EscapeSlashes || q.EscapeUnicode) {
			t.Errorf("seed %d: nothing shows how %+v is to be read", seed, q)
		}
		v := reflect.ValueOf(q)
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if drawn[name] == nil {
				drawn[name] = map[string]bool{}
			}
			drawn[name][fmt.Sprint(v.Field(i))] = true
		}
	}
	fixed := map[string]bool{"Zone": true, "DayOffset": true, "FlipDelay": true, "StandsAt": true, "Method": true, "RequestType": true}
	for name, values := range drawn {
		if fixed[name] != (len(values) == 1) {
			t.Errorf("%s is drawn as %d values", name, len(values))
		}
	}
}
