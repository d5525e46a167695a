package reseller

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"alpemix-collector/report"
)

// rpc is a call as remotepc.txt writes it.
func rpc(call, body string) request {
	return request{"POST", remotePCPath + "/user/" + call, map[string]string{"Authorization": "Bearer rpc-key", "Content-type": "application/json"}, body}
}

func rpcError(status string, code int, descriptions ...string) string {
	var list []string
	for _, d := range descriptions {
		list = append(list, fmt.Sprintf(`{ "description": %q }`, d))
	}
	return fmt.Sprintf(`{ "status": %q, "code": %d, "errorsCount": %d, "errors": [%s] }`, status, code, len(list), strings.Join(list, ","))
}

func rpcVendor(q Quirks) (*Vendor, *clock) {
	return newVendor(RemotePC, Options{World: &World{Seed: 1}, Accounts: []Account{{Name: "eu", Key: "rpc-key", AllowedIPs: []string{"192.0.2.10"}}}, Quirks: q})
}

func TestRemotePC(t *testing.T) {
	v, c := rpcVendor(Quirks{})
	all := v.Customers("eu", c.at)
	active := all[slices.IndexFunc(all, func(c Customer) bool { return c.Active })]
	const (
		success = `{"status": "OK", "code": 200, "message": "SUCCESS"}`
		add     = `{"firstName": "firstname", "lastName": "lastname", "invitedUserEmailId": "new@firma.example", "password": "password", "allotedComputers": 1, "sendEmailToUser": true}`
	)
	with := func(old, new string) string { return strings.Replace(add, old, new, 1) }
	bad := func(descriptions ...string) string { return rpcError("BAD_REQUEST", 400, descriptions...) }
	invited := func(name, status string) string { return fmt.Sprintf(`{ "username": %q, "status": %q }`, name, status) }
	outcome := func(of ...string) string {
		return fmt.Sprintf(`{"status": "OK", "code": 200, "message": [%s]}`, strings.Join(of, ","))
	}
	in := func(name, password string) request {
		return rpc("signin", fmt.Sprintf(`{ "username": %q, "password": %q }`, name, password))
	}
	wrongKey := func(r request) request { return r.with("Authorization", "Bearer other") }
	play(t, v, []row{
		{"add", rpc("add", add), 200, success, true},
		{"add again", rpc("add", add), 400, bad("EMAIL_EXISTS"), false},
		{"add a user that was there", rpc("add", with("new@firma.example", active.Name)), 400, bad("EMAIL_EXISTS"), false},
		{"add without optional parameters", rpc("add", `{"firstName":"a","lastName":"b","invitedUserEmailId":"c@firma.example","password":"secret"}`), 200, success, true},
		{"add nobody", rpc("add", `{}`), 400, bad("FIRSTNAME_REQUIRED", "LASTNAME_REQUIRED", "EMAILID_REQUIRED", "PASSWORD_REQUIRED"), false},
		{"add without a password", rpc("add", with(`"password": "password"`, `"x": 1`)), 400, bad("PASSWORD_REQUIRED"), false},
		{"add with a short password", rpc("add", with(`"password": "password"`, `"password": "12345"`)), 400, bad("INVALID_PASSWORD"), false},
		{"add no address", rpc("add", with("new@firma.example", "username")), 400, bad("ENTER_VALID_EMAIL"), false},
		{"add with a wrong spelling", rpc("add", with("firstName", "firstname")), 400, bad("FIRSTNAME_REQUIRED"), false},
		{"add with a text for a number", rpc("add", with(`: 1,`, `: "1",`)), 400, bad("INVALID_PARAMETERS"), false},
		{"add no object", rpc("add", `[]`), 400, bad("INVALID_PARAMETERS"), false},
		{"add with a wrong key", wrongKey(rpc("add", add)), 401, rpcError("UNAUTHORIZED", 401, "NOT_AUTHORIZED"), false},
		{"add as a form", rpc("add", add).with("Content-Type", "text/plain"), 403, rpcError("Forbidden", 403, "Forbidden"), false},
		{"add with GET", request{"GET", remotePCPath + "/user/add", map[string]string{"Authorization": "Bearer rpc-key"}, ""}, 403, rpcError("Forbidden", 403, "Forbidden"), false},

		{"invite", rpc("invite", `[{ "invitedUserEmailId": "guest@firma.example", "allotedComputers": 10 }]`), 200, outcome(invited("guest@firma.example", "INVITED")), true},
		{"invite three", rpc("invite", fmt.Sprintf(`[{"invitedUserEmailId":"guest@firma.example"},{"invitedUserEmailId":%q},{"invitedUserEmailId":"other@firma.example"}]`, active.Name)), 200,
			outcome(invited("guest@firma.example", "ALREADY_INVITED"), invited(active.Name, "EXISTS"), invited("other@firma.example", "INVITED")), true},
		{"invite an object", rpc("invite", `{ "invitedUserEmailId": "x@firma.example" }`), 400, bad("INVALID_PARAMETERS"), false},
		{"invite nobody", rpc("invite", `[{}]`), 400, bad("EMAILID_REQUIRED"), false},
		{"invite no address", rpc("invite", `[{"invitedUserEmailId":"x@firma.example"},{"invitedUserEmailId":"x"}]`), 400, bad("ENTER_VALID_EMAIL"), false},
		{"invite with a wrong key", wrongKey(rpc("invite", `[]`)), 401, rpcError("UNAUTHORIZED", 401, "NOT_AUTHORIZED"), false},

		{"sign in with a wrong password", in(active.Name, "password"), 400, bad("INVALID_PASSWORD"), false},
		{"sign in a stranger", in("username", "password"), 400, bad("USERNAME_DOES_NOT_EXIST"), false},
		{"sign in an invited user", in("guest@firma.example", "password"), 400, bad("CANCELLED_ACCOUNT"), false},
		{"sign in nobody", in("", "password"), 400, bad("USERNAME_REQUIRED"), false},
		{"sign in without a password", in(active.Name, ""), 400, bad("PASSWORD_REQUIRED"), false},
		{"sign in no address", in("a@", "password"), 400, bad("INVALID_EMAIL"), false},
		{"sign in with a wrong key", wrongKey(in(active.Name, active.Secret)), 401, rpcError("UNAUTHORIZED", 401, "NOT_AUTHORIZED"), false},
		{"sign in", in(active.Name, active.Secret), 200, "", false},

		{"list with a wrong key", wrongKey(rpc("list", "{}")), 401, rpcError("UNAUTHORIZED", 401, "UNAUTHORIZED_ACCESS"), false},
		{"list with Basic", rpc("list", "{}").with("Authorization", "Basic rpc-key"), 401, rpcError("UNAUTHORIZED", 401, "UNAUTHORIZED_ACCESS"), false},
		{"list without a body", rpc("list", ""), 200, "", false},
		{"list", rpc("list", "{}"), 200, "", false},
		{"an unknown call", rpc("delete", "{}"), 404, "", false},
	})
	v.SetQuirks(Quirks{Suspended: true})
	play(t, v, []row{{"sign in at a suspended reseller", in(active.Name, active.Secret), 400, bad("ACTION_PARENT_ACCOUNT_SUSPENDED"), false}})
}

func TestRemotePCLink(t *testing.T) {
	v, c := rpcVendor(Quirks{})
	user := v.Customers("eu", c.at)[0]
	_, _, body := ask(t, v, rpc("signin", fmt.Sprintf(`{ "username": %q, "password": %q }`, strings.ToUpper(user.Name), user.Secret)))
	var answer struct{ Message map[string]string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	token, found := strings.CutPrefix(answer.Message["rpc_redirect_link"], "https://login.remotepc.com/rpcnew/process/autologin/")
	if !found || len(token) < 40 || !slices.Contains(v.Secrets(), token) {
		t.Errorf("%s", body)
	}
}

func TestRemotePCAddresses(t *testing.T) {
	for _, test := range []struct {
		quirks Quirks
		status int
		body   string
	}{
		{Quirks{}, 403, rpcError("Forbidden", 403, "Forbidden")},
		{Quirks{IPStatus: 401}, 401, rpcError("UNAUTHORIZED", 401, "UNAUTHORIZED_ACCESS")},
		{Quirks{LooseStatus: true, ErrorsInside: true}, 200, rpcError("Forbidden ", 403, "Forbidden")},
		{Quirks{NewErrors: true}, 403, rpcError("Forbidden", 403, "RPC_Forbidden_V2")},
	} {
		v, _ := newVendor(RemotePC, Options{Accounts: []Account{{Name: "eu", Key: "rpc-key", AllowedIPs: []string{"198.51.100.7"}}}, Quirks: test.quirks})
		play(t, v, []row{{fmt.Sprintf("%+v", test.quirks), rpc("list", "{}"), test.status, test.body, false}})
	}
}

// listed reads a list in all its shapes.
func listed(t *testing.T, body string) map[string]map[string]any {
	t.Helper()
	var answer struct {
		Status  string
		Code    int
		Message json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Code != 200 || !strings.EqualFold(strings.TrimSpace(answer.Status), "ok") {
		t.Fatalf("%s: %v", body, err)
	}
	var text string
	if json.Unmarshal(answer.Message, &text) == nil {
		answer.Message = json.RawMessage(text)
	}
	var message struct{ ResellerUsersList []map[string]any }
	if err := json.Unmarshal(answer.Message, &message); err != nil || message.ResellerUsersList == nil {
		t.Fatalf("%s: %v", body, err)
	}
	users := map[string]map[string]any{}
	for _, row := range message.ResellerUsersList {
		users[row["username"].(string)] = row
	}
	return users
}

// TestRemotePCListIsTheTruth: in each shape, and after users were added and invited.
func TestRemotePCListIsTheTruth(t *testing.T) {
	for _, mode := range Modes(RemotePC) {
		if mode.Broken {
			continue
		}
		v, c := rpcVendor(mode.Quirks)
		ask(t, v, rpc("add", `{"firstName":"a","lastName":"b","invitedUserEmailId":"Added@firma.example","password":"secret","allotedComputers":7}`))
		ask(t, v, rpc("invite", `[{"invitedUserEmailId":"guest@firma.example","allotedComputers":10}]`))
		for _, moment := range []struct {
			after   time.Duration
			invited bool
		}{{0, mode.Quirks.ListInvited}, {acceptance - time.Second, mode.Quirks.ListInvited}, {acceptance, true}} {
			c.at = monday.Add(moment.after)
			_, header, body := ask(t, v, rpc("list", "{}"))
			if header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", mode.Name, header)
			}
			users := listed(t, body)
			truth := v.Truth("eu", c.at)
			if len(users) != len(truth) || users["added@firma.example"] == nil || (users["guest@firma.example"] != nil) != moment.invited {
				t.Errorf("%s: %d users, want %d: %s", mode.Name, len(users), len(truth), body)
			}
			for _, a := range truth {
				row := users[a.Customer]
				allotted := row["alloted_computers"]
				if mode.Quirks.TwoTs {
					allotted = row["allotted_computers"]
				}
				if allotted != a.Allotted.V || row["utilized_computers"] != a.Utilized.V || row["isActive"] != a.Active.V || day(row["created_date"]) != a.CreatedOn {
					t.Errorf("%s: %v, want %+v", mode.Name, row, a)
				}
			}
		}
		added := byKey(v.Truth("eu", c.at))["added@firma.example/computers"]
		if added.Allotted.V != 7 || added.Utilized != (sql.Null[float64]{Valid: true}) || !added.Active.V {
			t.Errorf("%s: %+v", mode.Name, added)
		}
		if byKey(v.Truth("eu", monday.Add(-time.Hour)))["added@firma.example/computers"].Vendor != "" {
			t.Error("the user was there before it was added")
		}
	}
}

// day reads created_date, padded or not.
func day(value any) (d sql.Null[report.Day]) {
	text, _ := value.(string)
	if at, err := time.Parse("1-2-2006", text); err == nil {
		d = sql.Null[report.Day]{V: report.DayOf(at), Valid: true}
	}
	return d
}

func TestRemotePCShapes(t *testing.T) {
	for _, test := range []struct{ mode, want string }{
		{"document", `"status":"OK"`}, {"loose-status", `"status":"Ok "`}, {"text-message", `"message":"{\"resellerUsersList`}, {"two-ts", `"allotted_computers":`},
		{"empty-date", `"created_date":""`}, {"null-date", `"created_date":null`}, {"extra-keys", `"plan":null`}, {"no-list", `"message":{}`}, {"nothing", ""},
	} {
		v, _ := rpcVendor(modeOf(t, RemotePC, test.mode).Quirks)
		status, _, body := ask(t, v, rpc("list", "{}"))
		if status != http.StatusOK || !strings.Contains(body, test.want) || test.want == "" && body != "" {
			t.Errorf("%s: %d %s", test.mode, status, body)
		}
	}
}

func modeOf(t *testing.T, vendor, name string) Mode {
	t.Helper()
	for _, mode := range Modes(vendor) {
		if mode.Name == name {
			return mode
		}
	}
	t.Fatalf("%s has no mode %s", vendor, name)
	return Mode{}
}
