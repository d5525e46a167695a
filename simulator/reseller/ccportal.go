package reseller

import (
	"database/sql"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"alpemix-collector/report"
)

var portalTwin = twin{
	vendor: CCPortal, account: "kommitt", seats: 10, strangers: []string{"Bäckerei Sommer"}, keeps: true,
	modes: []Mode{
		{Name: "wrap-list", Quirks: Quirks{Wrap: WrapList}},
		{Name: "wrap-none", Quirks: Quirks{Wrap: WrapNone}},
		{Name: "wrap-object", Quirks: Quirks{Wrap: WrapObject}},
		{Name: "wrap-bare", Quirks: Quirks{Wrap: WrapBare}},
		{Name: "empty-null", Quirks: Quirks{Empty: EmptyNull}},
		{Name: "empty-text", Quirks: Quirks{Empty: EmptyText}},
		{Name: "flag-number", Quirks: Quirks{Flags: FlagNumber}},
		{Name: "flag-text", Quirks: Quirks{Flags: FlagText}},
		{Name: "change-bodies", Quirks: Quirks{ChangeBodies: true}},
		{Name: "silent-errors", Quirks: Quirks{SilentErrors: true}},
		{Name: "strict", Quirks: Quirks{Strict: true}},
		{Name: "dirty", Quirks: Quirks{Dirty: true}},
		{Name: "no-declaration", Quirks: Quirks{NoDeclaration: true}},
		{Name: "free-values", Quirks: Quirks{FreeValues: true}},
		{Name: "converter", Quirks: Quirks{Wrap: WrapList, Empty: EmptyText, Flags: FlagText, ChangeBodies: true}},
	},
	api:     func(v *Vendor) api { return portal{v} },
	path:    func(a *Account) string { return a.Base },
	secrets: func(*Account) []string { return nil },
	settings: func(_ *Account, address string, customers []string) map[string]any {
		return map[string]any{"base_url": address, "customers": customers}
	},
	name: func(s *seat, r *rand.Rand, c *Customer, _ int64) {
		c.Name = strconv.Itoa(10_000 + s.index*613 + r.IntN(613))
		if s.index%5 == 3 {
			c.Name = fmt.Sprintf("Cust%02d", s.index)
		}
	},
	have: func(s *seat, c *Customer, m moment) {
		c.PasswordChanged = s.stream("changed").IntN(2) == 0
		c.Dirty = m.at < m.changed+pendingFor
		if m.here {
			s.packs(c, m)
		}
	},
	truth: func(_ *Quirks, c *Customer, a *report.Allotment) bool {
		a.Active = sql.Null[bool]{V: c.Active, Valid: true} // as access/status reports
		if a.Resource == "mail" {                           // the addresses that mail/list lists
			a.Utilized = sql.Null[float64]{V: float64(len(c.Mails)), Valid: true}
		}
		return true
	},
	calls: func(_ string, before, now *Customer) (all []Call) {
		if now == nil {
			return nil
		}
		eachChange(before, now, func(p Pack, gone bool) {
			action := "pack/enable"
			if gone {
				action = "pack/disable"
			}
			all = append(all, Call{Action: action, Subject: now.Name, Detail: strings.ToLower(p.Name) + " " + p.Value})
		})
		return all
	},
}

// pendingFor is how many seconds a change of the plan takes.
const pendingFor = 20 * 60

// packs are those of the customer, and the addresses within or beyond them.
func (s *seat) packs(c *Customer, m moment) {
	c.Packs = []Pack{{"Mail", strconv.Itoa(s.amount("Mail", m.phase))}}
	if s.index%2 == 0 && s.has("Web", m.phase) {
		c.Packs = append(c.Packs, Pack{"Web", fmt.Sprintf("%dM", s.amount("Web", m.phase))})
	}
	c.Mails = []string{c.Name + "@kommitt.example"}
	for n := range max(0, s.used("Mail", m.at)-1) {
		c.Mails = append(c.Mails, mailbox(n)+"@"+domain(s.company))
	}
	if s.index%4 == 1 && len(c.Mails) > 1 {
		c.Forward = c.Mails[1]
	}
}

// portal plays ccportal.txt: GET requests below an account's Base, without credentials.
type portal struct{ *Vendor }

// portalCalls are the calls with the number of their parameters: after the package come ParCustId, the call, and the rest.
var portalCalls = map[string]int{
	"access/status": 0, "access/enable": 1, "access/disable": 0, "mail/list": 0, "pack/list": 0, "pack/enable": 2, "pack/disable": 2,
}

func (v portal) identify(x *exchange) (string, *Account) {
	for i := range v.accounts {
		if rest, found := strings.CutPrefix(x.URL.EscapedPath(), v.accounts[i].Base+"/"); found {
			call, _, _ := parts(rest)
			return call, &v.accounts[i]
		}
	}
	return "", nil
}

// parts reads a path such as pack/12345/enable/mail/5. Any part may be escaped.
func parts(path string) (call, customer string, parameters []string) {
	list := strings.Split(path, "/")
	for i := range list {
		text, err := url.PathUnescape(list[i])
		if err != nil || text == "" {
			return "", "", nil
		}
		list[i] = text
	}
	if len(list) < 3 {
		return "", "", nil
	}
	call = list[0] + "/" + list[2]
	if n, known := portalCalls[call]; !known || len(list) != 3+n {
		return "", "", nil
	}
	return call, list[1], list[3:]
}

func (v portal) play(x *exchange) reply {
	if x.account == nil {
		return v.failure(x, http.StatusNotFound)
	}
	_, name, parameters := parts(strings.TrimPrefix(x.URL.EscapedPath(), x.account.Base+"/"))
	if x.call == "access/enable" {
		v.keep(parameters[0])
	}
	c, _, known := v.find(x.account.Name, name, x.now)
	c.Name = name
	c.Dirty = c.Dirty || v.quirks.Dirty
	switch {
	case x.call == "":
		return v.failure(x, http.StatusNotFound)
	case !v.admits(x):
		return v.failure(x, http.StatusForbidden)
	case x.Method != http.MethodGet:
		return v.failure(x, http.StatusMethodNotAllowed)
	case x.call == "access/status":
		return v.say(x, c.status(known))
	case !known && v.quirks.Strict && (x.call == "mail/list" || x.call == "pack/list"):
		return v.refuse(http.StatusNotFound, "ParCustId unbekannt")
	case x.call == "mail/list":
		return v.say(x, c.mailList())
	case x.call == "pack/list":
		return v.say(x, c.packList(v.quirks.packs(&c)))
	case c.Dirty:
		return v.refuse(http.StatusConflict, "Änderung verweigert: für diese ParCustId stehen noch Requests auf PENDING")
	case x.call == "access/enable":
		return v.enable(x, c, parameters[0])
	case !known:
		return v.refuse(http.StatusNotFound, "ParCustId unbekannt")
	case x.call == "access/disable":
		c.Active = false
		return v.change(x, c)
	}
	return v.changePack(x, c, parameters[0], parameters[1])
}

// enable begins or resets a customer's access.
func (v portal) enable(x *exchange, c Customer, hash string) reply {
	if sum, err := hex.DecodeString(hash); err != nil || len(sum) != 16 {
		return v.refuse(http.StatusBadRequest, "HASH ist kein MD5")
	}
	c.Active, c.PasswordChanged = true, false
	if len(c.Mails) == 0 {
		c.Mails = []string{c.Name + "@kommitt.example"}
	}
	return v.change(x, c)
}

func (v portal) changePack(x *exchange, c Customer, pack, value string) reply {
	name, known := map[string]string{"mail": "Mail", "web": "Web"}[strings.ToLower(pack)]
	_, has := c.pack(name)
	digits := value
	if name == "Web" {
		digits = strings.TrimSuffix(value, "M")
	}
	n, err := strconv.Atoi(digits)
	switch {
	case !known:
		return v.refuse(http.StatusBadRequest, "PACK unbekannt")
	case err != nil || n < 0:
		return v.refuse(http.StatusBadRequest, "VALUE ungültig")
	case x.call == "pack/disable" && !has:
		return v.refuse(http.StatusNotFound, "PACK nicht aktiviert")
	case x.call == "pack/disable":
		c.allot(name, "")
	case !c.Active:
		return v.refuse(http.StatusConflict, "Zugang nicht eingerichtet")
	default:
		c.allot(name, value)
	}
	return v.change(x, c)
}

func (v portal) change(x *exchange, c Customer) reply {
	v.put(x, c, false)
	if v.quirks.ChangeBodies {
		return v.say(x, []element{{name: "ParCustId", value: c.Name}})
	}
	return reply{status: http.StatusOK}
}

func (v portal) failure(_ *exchange, number int) reply {
	if number < 400 || number > 599 {
		number = http.StatusInternalServerError
	}
	return v.refuse(number, http.StatusText(number))
}

// refuse answers with an error; its text is optional.
func (v portal) refuse(status int, text string) reply {
	if v.quirks.SilentErrors {
		return reply{status: status}
	}
	return reply{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text + "\n")}
}

func (v portal) say(x *exchange, content []element) reply {
	if strings.EqualFold(x.Header.Get("Force-XML"), "true") {
		return reply{status: http.StatusOK, contentType: "text/xml", body: v.quirks.xml(content)}
	}
	return object(http.StatusOK, "text/json", v.quirks.json(content))
}
