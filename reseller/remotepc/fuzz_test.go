package remotepc_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp/vendortest"
)

// FuzzAnswer: see vendortest.Fuzz.
func FuzzAnswer(f *testing.F) {
	vendortest.Fuzz(f, calls(),
		list(`{"username":"a","alloted_computers":"3","created_date":"1-3-2023","isActive":1}`),
		`{ "status": "BAD_REQUEST", "code": 400, "errorsCount": 1, "errors": [{ "description": "EMAIL_EXISTS" }] }`,
		`{"status":"OK","code":200,"message":"{\"resellerUsersList\":[]}"}`, `{"status":"OK","code":200,"message":"SUCCESS"}`,
	)
}

// FuzzCreatedDate: a date that is read is the one that is written, in the vendor's order.
func FuzzCreatedDate(f *testing.F) {
	for _, date := range []string{"01-13-2023", "1-3-2023", "13-01-2023", "02-29-2024", "00-00-0000", "12-31-9999", ""} {
		f.Add(date)
	}
	f.Fuzz(func(t *testing.T, date string) {
		text, _ := json.Marshal(date)
		s, err := newClient(t, vendortest.New(t, list(fmt.Sprintf(`{"username":"a","created_date":%s}`, text)))).Snapshot(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := s.Allotments[0].CreatedOn
		if !got.Valid {
			return
		}
		var month, day, year int
		if n, err := fmt.Sscanf(date, "%d-%d-%d", &month, &day, &year); n != 3 || err != nil {
			t.Fatalf("%q is %s", date, got.V)
		}
		if want := fmt.Sprintf("%04d-%02d-%02d", year, month, day); got.V.String() != want || got.V != report.DayOf(got.V.UTC()) {
			t.Errorf("%q is %s", date, got.V)
		}
	})
}
