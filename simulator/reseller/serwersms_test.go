package reseller

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// sms is a call as serwersms.txt has it, with a token and parameters in JSON.
func sms(call, body string) request {
	return request{"POST", "/subaccounts/" + call, map[string]string{"Authorization": "Bearer sms-token", "Content-Type": "application/json"}, body}
}

// smsForm is one with username and password in a form.
func smsForm(call, body string) request {
	return request{"POST", "/subaccounts/" + call + ".json", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body}
}

const smsLogin = "username=Login&password=Haslo"

func smsVendor(q Quirks, allowed ...string) (*Vendor, *clock) {
	return newVendor(SerwerSMS, Options{
		World: &World{Seed: 1}, Quirks: q, Accounts: []Account{{Name: "pl", Key: "sms-token", Username: "Login", Password: "Haslo", AllowedIPs: allowed}},
	})
}

func smsError(code int, kind, message string) string {
	return fmt.Sprintf(`{"error":{"code":%d,"type":%q,"message":%q}}`, code, kind, message)
}

var (
	noAction   = smsError(1000, "InvalidAction", "Nie określono akcji do wykonania")
	noUser     = smsError(1001, "InvalidUser", "Nieprawidłowy login lub hasło")
	noID       = smsError(1004, "InvalidID", "Nieprawidłowy parametr ID")
	noFormat   = smsError(1006, "InvalidData", "Niepoprawny format danych")
	noRequired = smsError(2000, "ValidationRequiredError", "Brak wymaganych parametrów")
	noPhone    = smsError(2001, "ValidationPhoneError", "Nieprawidłowy numer telefonu")
	noName     = smsError(4500, "SubaccountError", "Nieprawidłowy lub zajęty login subkonta")
	noTemplate = smsError(4502, "SubaccountError", "Brak subkonta z szablonem uprawnień")
)

func TestSerwerSMS(t *testing.T) {
	v, c := smsVendor(Quirks{})
	var items []string
	all := v.Customers("pl", c.at)
	for _, c := range all {
		items = append(items, fmt.Sprintf(`{"id":%d,"username":%q}`, c.ID, c.Name))
	}
	index := fmt.Sprintf(`{"items":[%s]}`, strings.Join(items, ","))
	one := all[0]
	view := fmt.Sprintf(`{"id":%d,"username":%q,"name":%q,"phone":%q,"email":%q}`, one.ID, one.Name, one.Contact, one.Phone, one.Email)
	add := func(name, password, phone string, template int) string {
		return fmt.Sprintf(`{"subaccount_username":%q,"subaccount_password":%q,"subaccount_id":%d,"name":"testowe subkonto","phone":%q,"email":"test@test.pl"}`, name, password, template, phone)
	}
	const ok = `{"success":true,"id":900001}`
	play(t, v, []row{
		{"index", sms("index", "{}"), 200, index, false},
		{"index without a body", sms("index", ""), 200, index, false},
		{"index with a login", smsForm("index", smsLogin), 200, index, false},
		{"index with a login in JSON", sms("index", `{"username":"Login","password":"Haslo"}`).with("Authorization", ""), 200, index, false},
		{"index with a wrong token", sms("index", "{}").with("Authorization", "Bearer other"), 200, noUser, false},
		{"index with a wrong password", smsForm("index", "username=Login&password=haslo"), 200, noUser, false},
		{"index without credentials", smsForm("index", ""), 200, noUser, false},
		{"index with half of a body", sms("index", `{"a":`), 200, noFormat, false},
		{"index with GET", request{"GET", "/subaccounts/index", map[string]string{"Authorization": "Bearer sms-token"}, ""}, 200, noAction, false},
		{"an unknown action", sms("block", "{}"), 200, noAction, false},
		{"no action", request{"POST", "/", map[string]string{"Authorization": "Bearer sms-token"}, ""}, 200, noAction, false},

		{"view", sms("view", fmt.Sprintf(`{"id":%d}`, one.ID)), 200, view, false},
		{"view by form", smsForm("view", fmt.Sprintf("%s&id=%d", smsLogin, one.ID)), 200, view, false},
		{"view of an unknown id", sms("view", `{"id":7}`), 200, noID, false},
		{"view of a text", sms("view", `{"id":"wojtek"}`), 200, noID, false},
		{"view of nothing", sms("view", `{}`), 200, noRequired, false},

		{"add", sms("add", add("login1", "testABC", "500600700", one.ID)), 200, ok, true},
		{"view of the new one", sms("view", `{"id":"900001"}`), 200, `{"id":900001,"username":"login1","name":"testowe subkonto","phone":"500600700","email":"test@test.pl"}`, false},
		{"add by form", smsForm("add", fmt.Sprintf("%s&subaccount_username=login2&subaccount_password=testABC&subaccount_id=%d", smsLogin, one.ID)), 200, `{"success":true,"id":900002}`, true},
		{"add a name that is taken", sms("add", add("login1", "testABC", "", one.ID)), 200, noName, false},
		{"add a name that is too long", sms("add", add(strings.Repeat("a", 21), "testABC", "", one.ID)), 200, noName, false},
		{"add a name with a blank", sms("add", add("lo gin", "testABC", "", one.ID)), 200, noName, false},
		{"add with a short password", sms("add", add("login3", "te", "", one.ID)), 200, noFormat, false},
		{"add with a wrong number", sms("add", add("login3", "testABC", "12", one.ID)), 200, noPhone, false},
		{"add with an unknown template", sms("add", add("login3", "testABC", "", 7)), 200, noTemplate, false},
		{"add without a template", sms("add", `{"subaccount_username":"login3","subaccount_password":"testABC"}`), 200, noRequired, false},

		{"limit", sms("limit", `{"id":900001,"type":"eco","value":100}`), 200, ok, true},
		{"limit by form", smsForm("limit", smsLogin+"&id=900001&type=hlr&value=0"), 200, ok, true},
		{"limit of another type", sms("limit", `{"id":900001,"type":"fax","value":100}`), 200, noFormat, false},
		{"limit below nothing", sms("limit", `{"id":900001,"type":"eco","value":-1}`), 200, noFormat, false},
		{"limit without a value", sms("limit", `{"id":900001,"type":"eco"}`), 200, noRequired, false},
		{"limit of an unknown id", sms("limit", `{"id":7,"type":"eco","value":100}`), 200, `{"success":false}`, false},

		{"delete", sms("delete", `{"id":900002}`), 200, `{"success":true}`, true},
		{"delete it again", sms("delete", `{"id":900002}`), 200, `{"success":false}`, false},
		{"limit of a deleted one", sms("limit", `{"id":900002,"type":"eco","value":100}`), 200, `{"success":false}`, false},
		{"delete a customer of the world", sms("delete", fmt.Sprintf(`{"id":%d}`, all[1].ID)), 200, `{"success":true}`, true},
	})
	var set []string
	for _, a := range v.Truth("pl", c.at) {
		if a.Customer == "900001" {
			set = append(set, fmt.Sprintf("%s %v", a.Resource, a.Allotted.V))
		}
		if a.Customer == "900002" || a.Customer == all[1].Key() || a.Utilized.Valid || a.Active.Valid || a.CreatedOn.Valid {
			t.Errorf("%+v", a)
		}
	}
	if !slices.Equal(set, []string{"hlr 0", "sms_eco 100"}) {
		t.Errorf("%v", set)
	}
	if before := v.Truth("pl", c.at.Add(-time.Second)); !slices.ContainsFunc(before, func(a report.Allotment) bool { return a.Customer == all[1].Key() }) {
		t.Error("the deleted customer was not there before")
	}
}

func TestSerwerSMSRefusesAddresses(t *testing.T) {
	v, _ := smsVendor(Quirks{}, "198.51.100.7")
	play(t, v, []row{{"index", sms("index", "{}"), 200, smsError(1003, "InvalidIP", "Nieautoryzowany adres IP"), false}})
	if s := v.Stats(); s.Answers[1003] != 1 {
		t.Errorf("%+v", s)
	}
}

func TestSerwerSMSShapes(t *testing.T) {
	for _, test := range []struct {
		mode    string
		request request
		want    string
	}{
		{"text-code", sms("view", `{"id":7}`), `{"error":{"code":"1004","type":"InvalidID","message":"Nieprawidłowy parametr ID"}}`},
		{"english", sms("view", `{"id":7}`), smsError(1004, "InvalidID", "Invalid ID parameter")},
		{"no-success", sms("limit", `{"id":101000,"type":"eco","value":5}`), `{"id":101000}`},
		{"no-success", sms("delete", `{"id":101000}`), `{}`},
		{"no-success", sms("delete", `{"id":7}`), `{"success":false}`},
		{"no-items", sms("index", ``), `{}`},
		{"nothing", sms("index", ``), ``},
		{"null", sms("index", ``), `null`},
	} {
		v, _ := smsVendor(modeOf(t, SerwerSMS, test.mode).Quirks)
		if status, _, body := ask(t, v, test.request); status != 200 || !same(body, test.want) {
			t.Errorf("%s: %d %s, want %s", test.mode, status, body, test.want)
		}
	}
}

func TestSerwerSMSWithoutSubaccounts(t *testing.T) {
	v, _ := smsVendor(Quirks{})
	for _, c := range v.Customers("pl", monday) {
		ask(t, v, sms("delete", fmt.Sprintf(`{"id":%d}`, c.ID)))
	}
	_, _, body := ask(t, v, sms("index", ""))
	var answer struct{ Items []any }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || body != `{"items":[]}` {
		t.Errorf("%s: %v", body, err)
	}
}
