package reseller

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"alpemix-collector/report"
)

const (
	limaResellerPath = "/resellercp"
	limaCustomerPath = "/usercp"
)

var limaCityTwin = twin{
	vendor: LimaCity, account: "de", seats: 7, strangers: []string{"Gärtnerei Weiß"},
	modes: []Mode{
		{Name: "list", Quirks: Quirks{List: true}},
		{Name: "accept", Quirks: Quirks{List: true, AcceptJSON: true}},
		{Name: "plain-error", Quirks: Quirks{PlainError: true}},
		{Name: "errors-inside", Quirks: Quirks{ErrorsInside: true}},
		{Name: "null-key", Quirks: Quirks{NullKey: true}},
	},
	api:     func(v *Vendor) api { return limaCity{v} },
	path:    func(*Account) string { return limaResellerPath },
	secrets: func(a *Account) []string { return []string{a.Key} },
	settings: func(a *Account, address string, _ []string) map[string]any {
		return map[string]any{"endpoint": address, "api_key": a.Key}
	},
	name: func(s *seat, r *rand.Rand, c *Customer, visit int64) {
		c.Name, c.ID = fmt.Sprintf("%s%d", slug(s.company, ""), 10+r.IntN(90)), 380_000+s.number()
		c.Secret = randomText(s.stream("key", visit), 32)
	},
	have: func(s *seat, c *Customer, m moment) {
		for _, pack := range limaPacks {
			c.Packs = append(c.Packs, Pack{pack, strconv.Itoa(s.amount(pack, m.visit))}) // as created: no call changes it
		}
	},
	calls: func(account string, before, now *Customer) []Call {
		if before != nil {
			return nil
		}
		disk, mysql, mail := now.Packs[0].Value, now.Packs[1].Value, now.Packs[2].Value
		raw := fmt.Sprintf(`{"customer":{"disk_space_gb":%s,"mysql_space_gb":%s,"mail_limit":%s,"username":%q,"email":%q}}`, disk, mysql, mail, now.Name, now.Email)
		var set []report.Allotment
		for _, p := range now.Packs {
			set = append(set, allotment(Label{LimaCity, account}, now, p, raw))
		}
		return []Call{{"customers/create", now.Name, fmt.Sprintf("disk_gb %s, mysql_gb %s, mail %s; id %d", disk, mysql, mail, now.ID), set}}
	},
}

// limaPacks are what a customer is created with.
var limaPacks = []string{"disk_space_gb", "mysql_space_gb", "mail_limit"}

// limaCity plays limacity.txt: HTTP Basic, user api, with the reseller's key or that of one of its customers.
type limaCity struct{ *Vendor }

func (v limaCity) identify(x *exchange) (string, *Account) {
	call := ""
	switch path := strings.TrimSuffix(x.URL.Path, ".json"); {
	case path == limaResellerPath+"/customers" && x.Method == http.MethodPost:
		call = "customers/create"
	case path == limaResellerPath+"/customers" && x.Method == http.MethodGet:
		call = "customers/list"
	case path == limaCustomerPath+"/domains" && x.Method == http.MethodGet:
		call = "usercp/domains"
	}
	account, _ := v.holder(x)
	return call, account
}

// holder is whose key x carries: the reseller's, or that of a customer.
func (v limaCity) holder(x *exchange) (*Account, *Customer) {
	user, key, _ := x.BasicAuth()
	if user != "api" || key == "" {
		return nil, nil
	}
	if a := v.byKey(key); a != nil {
		return a, nil
	}
	for i := range v.accounts {
		for _, c := range v.present(v.accounts[i].Name, x.now) {
			if c.Secret == key {
				return &v.accounts[i], &c
			}
		}
	}
	return nil, nil
}

func (v limaCity) play(x *exchange) reply {
	if v.quirks.AcceptJSON && !strings.Contains(x.Header.Get("Accept"), "application/json") {
		v.playJSON(x)
		return page(http.StatusOK, "<!DOCTYPE html><html><head><title>lima-city</title></head><body>Kunden</body></html>\n")
	}
	return v.playJSON(x)
}

func (v limaCity) playJSON(x *exchange) reply {
	_, customer := v.holder(x)
	switch {
	case x.account == nil:
		return v.failure(x, http.StatusUnauthorized)
	case !v.admits(x):
		return v.failure(x, http.StatusForbidden)
	case x.call == "usercp/domains":
		return v.domains(customer)
	case x.call == "" || x.call == "customers/list" && !v.quirks.List:
		return page(http.StatusNotFound, missingPage)
	case customer != nil: // without the right reseller.customers.admin
		return v.failure(x, http.StatusForbidden)
	case x.call == "customers/list":
		return v.list(x)
	}
	return v.create(x)
}

func (v limaCity) failure(_ *exchange, number int) reply {
	if number < 400 || number > 599 {
		number = http.StatusInternalServerError
	}
	text := map[int]string{401: "Der API-Key ist ungültig.", 403: "Der API-Key hat nicht die nötigen Rechte."}[number]
	if text == "" {
		text = http.StatusText(number)
	}
	return v.refuse(number, map[string]any{"error": text})
}

func (v limaCity) refuse(status int, content any) reply {
	a := object(status, "application/json; charset=utf-8", content)
	a.code = status
	if v.quirks.ErrorsInside {
		a.status = http.StatusOK
	}
	return a
}

var limaName = regexp.MustCompile(`^[a-z][a-z0-9_-]{2,30}$`)

func (v limaCity) create(x *exchange) reply {
	in, ok := fieldsOf(x.body)
	inner, isObject := in["customer"].(map[string]any)
	if !ok || !isObject || x.media() != "application/json" {
		return v.failure(x, http.StatusBadRequest)
	}
	customer := fields(inner)
	name, _ := customer.text("username")
	email, _ := customer.text("email")
	errors := map[string][]string{}
	if _, taken, _ := v.find(x.account.Name, name, x.now); taken {
		errors["username"] = []string{"ist bereits vergeben"}
	}
	if !limaName.MatchString(name) {
		errors["username"] = []string{"ist nicht gültig"}
	}
	if !isAddress(email) {
		errors["email"] = []string{"ist nicht gültig"}
	}
	c := Customer{Name: name, Email: email, Created: x.now, Active: true}
	for _, pack := range limaPacks {
		switch n, ok := customer.count(pack, true); {
		case !ok:
			errors[pack] = []string{"ist keine Zahl"}
		case customer.given(pack):
			c.allot(pack, strconv.Itoa(n))
		}
	}
	for _, field := range []string{"username", "email"} {
		if !customer.given(field) {
			errors[field] = []string{"muss ausgefüllt werden"}
		}
	}
	switch {
	case len(errors) > 0 && v.quirks.PlainError:
		return v.refuse(http.StatusBadRequest, map[string]any{"error": "Der Kunde konnte nicht angelegt werden."})
	case len(errors) > 0:
		return v.refuse(http.StatusBadRequest, map[string]any{"status": "invalid_resource", "errors": errors})
	}
	c.ID = v.newID()
	created := map[string]any{"id": c.ID}
	switch asked := customer["furnish_api_key"]; {
	case asked == "1" || asked == true:
		c.Secret = v.keep(randomText(stream(v.world.Seed, "api_key", x.now.UnixNano(), c.ID), 32))
		created["api_key"] = c.Secret
	case v.quirks.NullKey:
		created["api_key"] = nil
	}
	v.put(x, c, false)
	return object(http.StatusOK, "application/json; charset=utf-8", map[string]any{"status": "ok", "object": created})
}

func (v limaCity) list(x *exchange) reply {
	rows := []map[string]any{}
	for _, c := range v.listed(x) {
		rows = append(rows, map[string]any{"id": c.ID, "username": c.Name, "email": c.Email})
	}
	return object(http.StatusOK, "application/json; charset=utf-8", map[string]any{"customers": rows})
}

// domains is a call of the API that customers and resellers use alike: what the key's holder has.
func (v limaCity) domains(holder *Customer) reply {
	rows := []map[string]any{}
	if holder != nil && holder.Company != "" {
		name := domain(holder.Company)
		rows = append(rows, map[string]any{"id": holder.ID + 500_000, "unicode_fqdn": name, "tld": "example", "registered": true})
	}
	return object(http.StatusOK, "application/json; charset=utf-8", map[string]any{"domains": rows})
}
