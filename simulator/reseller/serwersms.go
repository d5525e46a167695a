package reseller

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"alpemix-collector/report"
)

// Error codes of SerwerSMS. The document of subaccounts names none; these are the vendor's general ones.
const (
	smsNoAction   = 1000
	smsNoUser     = 1001
	smsNoIP       = 1003
	smsWrongID    = 1004
	smsWrongData  = 1006
	smsMissing    = 2000
	smsWrongPhone = 2001
	smsNameTaken  = 4500
	smsNoTemplate = 4502
)

// smsErrors are type and message, in Polish and English.
var smsErrors = map[int][3]string{
	smsNoAction:   {"InvalidAction", "Nie określono akcji do wykonania", "Not specified action to execute"},
	smsNoUser:     {"InvalidUser", "Nieprawidłowy login lub hasło", "Incorrect login or password"},
	1002:          {"InvalidRole", "Użytkownik nie ma uprawnień do korzystania z API", "The user may not use the API"},
	smsNoIP:       {"InvalidIP", "Nieautoryzowany adres IP", "Unauthorized IP address"},
	smsWrongID:    {"InvalidID", "Nieprawidłowy parametr ID", "Invalid ID parameter"},
	1005:          {"InvalidRole", "Brak uprawnień", "No permission"},
	smsWrongData:  {"InvalidData", "Niepoprawny format danych", "Incorrect data format"},
	1007:          {"InvalidRole", "Konto nie jest w pełni aktywne", "The account is not fully active"},
	1008:          {"InvalidRole", "Użytkownik nie ma uprawnień do podglądu numerów", "The user may not view numbers"},
	smsMissing:    {"ValidationRequiredError", "Brak wymaganych parametrów", "Missing required parameters"},
	smsWrongPhone: {"ValidationPhoneError", "Nieprawidłowy numer telefonu", "Invalid phone number"},
	smsNameTaken:  {"SubaccountError", "Nieprawidłowy lub zajęty login subkonta", "The login of the subaccount is invalid or taken"},
	smsNoTemplate: {"SubaccountError", "Brak subkonta z szablonem uprawnień", "There is no subaccount to copy permissions from"},
}

var serwerSMSTwin = twin{
	vendor: SerwerSMS, account: "pl", seats: 9, strangers: []string{"Salon Urody Róża"},
	modes: []Mode{
		{Name: "text-code", Quirks: Quirks{TextCode: true}},
		{Name: "english", Quirks: Quirks{English: true}},
		{Name: "no-success", Quirks: Quirks{NoSuccess: true}},
		{Name: "no-items", Quirks: Quirks{NoItems: true}, Broken: true},
	},
	api:     func(v *Vendor) api { return serwerSMS{v} },
	path:    func(*Account) string { return "" },
	secrets: func(a *Account) []string { return []string{a.Key, a.Password} },
	settings: func(a *Account, address string, _ []string) map[string]any {
		return map[string]any{"endpoint": address, "token": a.Key}
	},
	name: func(s *seat, r *rand.Rand, c *Customer, _ int64) {
		c.Name, c.ID = slug(s.company, "_"), 100_000+s.number()
		c.Name = strings.Trim(c.Name[:min(20, len(c.Name))], "_") // the longest that SerwerSMS takes
		c.Phone = fmt.Sprintf("+48%09d", 500_000_000+r.IntN(300_000_000))
	},
	have: func(s *seat, c *Customer, m moment) {
		for i, pack := range limitTypes {
			if i < 2 || i%3 == s.index%3 && s.has(pack, m.phase) {
				c.Packs = append(c.Packs, Pack{pack, strconv.Itoa(s.amount(pack, m.phase))})
			}
		}
	},
	calls: func(account string, before, now *Customer) (all []Call) {
		if now == nil {
			return []Call{{Action: "subaccounts/delete", Subject: before.Key()}}
		}
		if before == nil {
			all = append(all, Call{Action: "subaccounts/add", Subject: now.Name, Detail: "id " + now.Key()})
		}
		eachChange(before, now, func(p Pack, gone bool) {
			if gone {
				p.Value = "0"
			}
			set := allotment(Label{SerwerSMS, account}, now, p, fmt.Sprintf(`{"id":%d,"type":%q,"value":%s}`, now.ID, p.Name, p.Value))
			all = append(all, Call{"subaccounts/limit", now.Key(), p.Name + " " + p.Value, []report.Allotment{set}})
		})
		return all
	},
}

// limitTypes are the types of messages that serwersms.txt knows.
var limitTypes = []string{"eco", "full", "voice", "mms", "hlr"}

// serwerSMS plays serwersms.txt: POST, parameters as JSON or form, credentials as a bearer's token or among the parameters.
type serwerSMS struct{ *Vendor }

func (v serwerSMS) identify(x *exchange) (string, *Account) {
	call := strings.TrimSuffix(strings.TrimPrefix(x.URL.Path, "/"), ".json")
	if !slices.Contains([]string{"subaccounts/index", "subaccounts/view", "subaccounts/add", "subaccounts/limit", "subaccounts/delete"}, call) {
		call = ""
	}
	if a := v.byKey(x.bearer()); a != nil {
		return call, a
	}
	in, _ := smsFields(x)
	for i := range v.accounts {
		if a := &v.accounts[i]; in["username"] == a.Username && in["password"] == a.Password {
			return call, a
		}
	}
	return call, nil
}

// smsFields are the request's parameters. No body is no parameters.
func smsFields(x *exchange) (fields, bool) {
	switch {
	case len(x.body) == 0:
		return fields{}, true
	case x.media() == "application/json":
		return fieldsOf(x.body)
	case x.media() == "application/x-www-form-urlencoded":
		return formOf(x.body)
	}
	return nil, false
}

func (v serwerSMS) play(x *exchange) reply {
	in, ok := smsFields(x)
	switch {
	case !ok:
		return v.failure(x, smsWrongData)
	case x.account == nil:
		return v.failure(x, smsNoUser)
	case !v.admits(x):
		return v.failure(x, smsNoIP)
	case x.call == "" || x.Method != http.MethodPost:
		return v.failure(x, smsNoAction)
	case x.call == "subaccounts/index":
		return v.index(x)
	case x.call == "subaccounts/add":
		return v.add(x, in)
	case !in.given("id"):
		return v.failure(x, smsMissing)
	}
	id, ok := in.count("id", true)
	c, found := v.byID(x.account.Name, id, x.now)
	switch {
	case !ok:
		return v.failure(x, smsWrongID)
	case x.call == "subaccounts/view" && !found:
		return v.failure(x, smsWrongID)
	case x.call == "subaccounts/view":
		return v.say(map[string]any{"id": c.ID, "username": c.Name, "name": c.Contact, "phone": c.Phone, "email": c.Email})
	case x.call == "subaccounts/limit":
		return v.limit(x, in, c, found)
	case !found:
		return v.say(map[string]any{"success": false})
	}
	v.put(x, c, true)
	return v.done(map[string]any{})
}

func (v serwerSMS) index(x *exchange) reply {
	if v.quirks.NoItems {
		return v.say(map[string]any{})
	}
	items := []map[string]any{}
	for _, c := range v.listed(x) {
		items = append(items, map[string]any{"id": c.ID, "username": c.Name})
	}
	return v.say(map[string]any{"items": items})
}

// limit sets a limit. That of an unknown subaccount is refused without an error.
func (v serwerSMS) limit(x *exchange, in fields, c Customer, found bool) reply {
	value, ok := in.count("value", true)
	kind, _ := in.text("type")
	switch {
	case !in.given("type", "value"):
		return v.failure(x, smsMissing)
	case !ok || !slices.Contains(limitTypes, kind):
		return v.failure(x, smsWrongData)
	case !found:
		return v.say(map[string]any{"success": false})
	}
	c.allot(kind, strconv.Itoa(value))
	v.put(x, c, false)
	return v.done(map[string]any{"id": c.ID})
}

var (
	smsName  = regexp.MustCompile(`^[a-zA-Z0-9,_@.]{3,20}$`)
	smsPhone = regexp.MustCompile(`^\+?[0-9]{9,15}$`)
)

func (v serwerSMS) add(x *exchange, in fields) reply {
	name, ok1 := in.text("subaccount_username")
	password, ok2 := in.text("subaccount_password")
	contact, ok3 := in.text("name")
	phone, ok4 := in.text("phone")
	email, ok5 := in.text("email")
	template, ok6 := in.count("subaccount_id", true)
	v.keep(password)
	_, taken, _ := v.find(x.account.Name, name, x.now)
	_, found := v.byID(x.account.Name, template, x.now)
	switch {
	case !in.given("subaccount_username", "subaccount_password", "subaccount_id"):
		return v.failure(x, smsMissing)
	case !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || len(password) < 3 || len(password) > 20:
		return v.failure(x, smsWrongData)
	case !smsName.MatchString(name) || taken:
		return v.failure(x, smsNameTaken)
	case phone != "" && !smsPhone.MatchString(phone):
		return v.failure(x, smsWrongPhone)
	case !found:
		return v.failure(x, smsNoTemplate)
	}
	c := Customer{Name: name, ID: v.newID(), Contact: contact, Phone: phone, Email: email, Created: x.now, Active: true}
	v.put(x, c, false)
	return v.done(map[string]any{"id": c.ID})
}

// done answers with success.
func (v serwerSMS) done(content map[string]any) reply {
	if !v.quirks.NoSuccess {
		content["success"] = true
	}
	return v.say(content)
}

// failure answers with an error and the HTTP status of success.
func (v serwerSMS) failure(_ *exchange, number int) reply {
	known, found := smsErrors[number]
	if !found {
		known = [3]string{"Error", "Błąd", "Error"}
	}
	content := map[string]any{"code": number, "type": known[0], "message": known[1]}
	if v.quirks.English {
		content["message"] = known[2]
	}
	if v.quirks.TextCode {
		content["code"] = fmt.Sprint(number)
	}
	a := v.say(map[string]any{"error": content})
	a.code = number
	return a
}

func (v serwerSMS) say(content map[string]any) reply {
	return object(http.StatusOK, "application/json", content)
}
