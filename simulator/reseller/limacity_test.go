package reseller

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// lima is a call with a key, as curl -u api:KEY sends it.
func lima(method, path, key, body string) request {
	header := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte("api:"+key))}
	if body != "" {
		header["Content-Type"] = "application/json"
	}
	return request{method, path, header, body}
}

func limaVendor(q Quirks) (*Vendor, *clock) {
	return newVendor(LimaCity, Options{World: &World{Seed: 1}, Quirks: q, Accounts: []Account{{Name: "de", Key: "RESELLER_API_KEY"}}})
}

const limaCustomer = `{"customer":{"disk_space_gb":10,"mysql_space_gb":1,"mail_limit":100,"furnish_api_key":"1","username":"demouser1337","email":"kundenemail@example.de"}}`

func limaCreate(body string) request {
	return lima("POST", "/resellercp/customers", "RESELLER_API_KEY", body)
}

func invalid(fields ...string) string {
	return fmt.Sprintf(`{"status":"invalid_resource","errors":{%s}}`, strings.Join(fields, ","))
}

func TestLimaCity(t *testing.T) {
	v, c := limaVendor(Quirks{})
	without := strings.Replace(limaCustomer, `"furnish_api_key":"1",`, "", 1)
	named := func(body, name string) string { return strings.Replace(body, "demouser1337", name, 1) }
	wrongKey := `{"error":"Der API-Key ist ungültig."}`
	one := v.Customers("de", c.at)[0]
	play(t, v, []row{
		{"create without a key for the customer", limaCreate(named(without, "ohnekey")), 200, `{"status":"ok","object":{"id":900001}}`, true},
		{"create", limaCreate(limaCustomer), 200, "", true},
		{"create again", limaCreate(limaCustomer), 400, invalid(`"username":["ist bereits vergeben"]`), false},
		{"create nobody", limaCreate(`{"customer":{}}`), 400, invalid(`"username":["muss ausgefüllt werden"]`, `"email":["muss ausgefüllt werden"]`), false},
		{"create with wrong fields", limaCreate(`{"customer":{"username":"Demo User","email":"kunde","disk_space_gb":"viel","mail_limit":"20"}}`), 400,
			invalid(`"username":["ist nicht gültig"]`, `"email":["ist nicht gültig"]`, `"disk_space_gb":["ist keine Zahl"]`), false},
		{"create without an envelope", limaCreate(`{"username":"demouser1338"}`), 400, `{"error":"Bad Request"}`, false},
		{"create as a form", limaCreate(limaCustomer).with("Content-Type", "application/x-www-form-urlencoded"), 400, `{"error":"Bad Request"}`, false},
		{"create with a wrong key", lima("POST", "/resellercp/customers", "OTHER", limaCustomer), 401, wrongKey, false},
		{"create with a customer's key", lima("POST", "/resellercp/customers", one.Secret, named(limaCustomer, "other")), 403, `{"error":"Der API-Key hat nicht die nötigen Rechte."}`, false},
		{"create with a bearer's key", limaCreate(limaCustomer).with("Authorization", "Bearer RESELLER_API_KEY"), 401, wrongKey, false},
		{"list where there is none", lima("GET", "/resellercp/customers", "RESELLER_API_KEY", ""), 404, "", false},

		{"a customer's call", lima("GET", "/usercp/domains.json", one.Secret, ""), 200,
			fmt.Sprintf(`{"domains":[{"id":%d,"unicode_fqdn":%q,"tld":"example","registered":true}]}`, one.ID+500_000, domain(one.Company)), false},
		{"a call with the reseller's key", lima("GET", "/usercp/domains", "RESELLER_API_KEY", ""), 200, `{"domains":[]}`, false},
		{"a call with a wrong key", lima("GET", "/usercp/domains", "OTHER", ""), 401, wrongKey, false},
		{"an unknown call", lima("GET", "/usercp/rockets", one.Secret, ""), 404, "", false},
	})
	truth := byKey(v.Truth("de", c.at))
	for _, test := range []struct {
		key, unit string
		want      float64
	}{{"900001/disk_gb", "GB", 10}, {"900001/mysql_gb", "GB", 1}, {"900001/mail", "", 100}, {"900002/disk_gb", "GB", 10}} {
		a := truth[test.key]
		if !a.Allotted.Valid || a.Allotted.V != test.want || a.Unit != test.unit || a.Utilized.Valid || a.Active.Valid {
			t.Errorf("%s: %+v", test.key, a)
		}
	}
}

// TestLimaCityKey: the key that creation furnishes works for the customer, and comes nowhere else.
func TestLimaCityKey(t *testing.T) {
	v, _ := limaVendor(Quirks{List: true})
	_, _, body := ask(t, v, limaCreate(limaCustomer))
	var answer struct {
		Status string
		Object struct {
			ID     int    `json:"id"`
			APIKey string `json:"api_key"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Status != "ok" || len(answer.Object.APIKey) != 32 || answer.Object.ID == 0 {
		t.Fatalf("%s: %v", body, err)
	}
	if status, _, body := ask(t, v, lima("GET", "/usercp/domains", answer.Object.APIKey, "")); status != 200 || body != `{"domains":[]}` {
		t.Errorf("%d %s", status, body)
	}
	_, _, list := ask(t, v, lima("GET", "/resellercp/customers", "RESELLER_API_KEY", ""))
	if strings.Contains(list, answer.Object.APIKey) || !strings.Contains(list, "demouser1337") || !slices.Contains(v.Secrets(), answer.Object.APIKey) {
		t.Errorf("%s", list)
	}
	var customers struct {
		Customers []struct {
			ID       int
			Username string
		}
	}
	if err := json.Unmarshal([]byte(list), &customers); err != nil || len(customers.Customers) != len(v.Customers("de", monday)) {
		t.Errorf("%s: %v", list, err)
	}
}

func TestLimaCityShapes(t *testing.T) {
	without := strings.Replace(limaCustomer, `"furnish_api_key":"1",`, "", 1)
	for _, test := range []struct {
		mode    string
		request request
		status  int
		want    string
		changes int
	}{
		{"null-key", limaCreate(without), 200, `{"status":"ok","object":{"api_key":null,"id":900001}}`, 1},
		{"plain-error", limaCreate(`{"customer":{}}`), 400, `{"error":"Der Kunde konnte nicht angelegt werden."}`, 0},
		{"errors-inside", limaCreate(`{"customer":{"username":"kunde"}}`), 200, invalid(`"email":["muss ausgefüllt werden"]`), 0},
		{"accept", limaCreate(without).with("Accept", "application/json"), 200, `{"status":"ok","object":{"id":900001}}`, 1},
		{"accept", limaCreate(without), 200, "\n  <!DOCTYPE html><html><head><title>lima-city</title></head><body>Kunden</body></html>\n", 1},
	} {
		v, _ := limaVendor(modeOf(t, LimaCity, test.mode).Quirks)
		status, _, body := ask(t, v, test.request)
		if status != test.status || !same(body, test.want) || v.Stats().Changes != test.changes {
			t.Errorf("%s: %d %s, want %s; %d changes", test.mode, status, body, test.want, v.Stats().Changes)
		}
	}
	v, _ := limaVendor(Quirks{})
	if _, header, body := ask(t, v, lima("GET", "/resellercp/customers", "RESELLER_API_KEY", "")); !strings.HasPrefix(header.Get("Content-Type"), "text/html") || !strings.Contains(body, "<html>") || v.Stats().Answers[notTheAPI] != 1 || v.Stats().Answers[http.StatusNotFound] != 0 {
		t.Errorf("%v %s", header, body)
	}
}
