package reseller

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"alpemix-collector/report"
)

const remotePCPath = "/rpc-api/reseller/private"

// acceptance is how long someone who was invited takes to come.
const acceptance = 24 * time.Hour

var remotePCTwin = twin{
	vendor: RemotePC, account: "eu", seats: 14, strangers: []string{"Kanzlei Brandt", "Ziegler Maschinenbau"},
	modes: []Mode{
		{Name: "errors-inside", Quirks: Quirks{ErrorsInside: true}},
		{Name: "ip-401", Quirks: Quirks{IPStatus: 401}},
		{Name: "loose-status", Quirks: Quirks{LooseStatus: true}},
		{Name: "text-message", Quirks: Quirks{TextMessage: true}},
		{Name: "two-ts", Quirks: Quirks{TwoTs: true}},
		{Name: "short-date", Quirks: Quirks{Date: ShortDate}},
		{Name: "empty-date", Quirks: Quirks{Date: EmptyDate}},
		{Name: "null-date", Quirks: Quirks{Date: NullDate}},
		{Name: "new-errors", Quirks: Quirks{NewErrors: true}},
		{Name: "extra-keys", Quirks: Quirks{ExtraKeys: true}},
		{Name: "suspended", Quirks: Quirks{Suspended: true}},
		{Name: "list-invited", Quirks: Quirks{ListInvited: true}},
		{Name: "sister", Quirks: Quirks{ErrorsInside: true, LooseStatus: true, TextMessage: true, TwoTs: true, Date: ShortDate, ExtraKeys: true}},
		{Name: "no-list", Quirks: Quirks{NoList: true}, Broken: true},
	},
	api:     func(v *Vendor) api { return remotePC{v} },
	path:    func(*Account) string { return remotePCPath },
	secrets: func(a *Account) []string { return []string{a.Key} },
	settings: func(a *Account, address string, _ []string) map[string]any {
		return map[string]any{"endpoint": address, "api_key": a.Key}
	},
	name: func(_ *seat, r *rand.Rand, c *Customer, _ int64) { c.Name, c.Secret = c.Email, "pw-"+randomText(r, 12) },
	have: func(s *seat, c *Customer, m moment) {
		c.Active = c.Active && m.at < m.leaves-noticeFor
		c.Packs = []Pack{{"computers", strconv.Itoa(s.amount("computers", m.phase))}}
		c.Used = s.used("computers", m.at)
	},
	truth: func(q *Quirks, c *Customer, a *report.Allotment) bool {
		a.Utilized = sql.Null[float64]{V: float64(c.Used), Valid: true}
		a.Active = sql.Null[bool]{V: c.Active, Valid: true}
		if q.Date == PaddedDate || q.Date == ShortDate {
			a.CreatedOn = sql.Null[report.Day]{V: report.DayOf(c.Created.UTC()), Valid: true}
		}
		return q.lists(c)
	},
	calls: func(_ string, before, now *Customer) []Call {
		if before != nil {
			return nil
		}
		return []Call{{Action: "user/add", Subject: now.Name, Detail: "computers " + now.Packs[0].Value}}
	},
}

// lists reports whether the list has c: whoever was invited has no password before coming.
func (q *Quirks) lists(c *Customer) bool { return c.Secret != "" || q.ListInvited }

// noticeFor is how long a guest cannot sign in any more before it is gone.
const noticeFor = 5 * dayLength

// remotePC plays remotepc.txt.
type remotePC struct{ *Vendor }

func (v remotePC) identify(x *exchange) (string, *Account) {
	call, found := strings.CutPrefix(x.URL.Path, remotePCPath+"/")
	if !found || !slices.Contains([]string{"user/add", "user/invite", "user/signin", "user/list"}, call) {
		return "", nil
	}
	return call, v.byKey(x.bearer())
}

func (v remotePC) play(x *exchange) reply {
	switch {
	case x.call == "":
		return page(http.StatusNotFound, missingPage)
	case x.account == nil:
		return v.failure(x, http.StatusUnauthorized)
	case !v.admits(x):
		if x.call == "user/signin" && x.now.Before(v.blocked[x.ip]) {
			return v.refuse(http.StatusBadRequest, "IP_ADDRESS_BLOCKED")
		}
		if v.quirks.IPStatus != 0 {
			return v.failure(x, v.quirks.IPStatus)
		}
		return v.failure(x, http.StatusForbidden)
	case x.Method != http.MethodPost || x.media() != "application/json":
		return v.failure(x, http.StatusForbidden) // the document's "Invalid request"
	}
	switch x.call {
	case "user/add":
		return v.add(x)
	case "user/invite":
		return v.invite(x)
	case "user/signin":
		return v.signIn(x)
	}
	return v.list(x)
}

func (v remotePC) failure(x *exchange, number int) reply {
	switch number {
	case http.StatusUnauthorized:
		if x.call == "user/list" {
			return v.refuse(number, "UNAUTHORIZED_ACCESS")
		}
		return v.refuse(number, "NOT_AUTHORIZED")
	case http.StatusForbidden:
		return v.refuse(number, "Forbidden")
	case http.StatusBadRequest:
		return v.refuse(number, "INVALID_PARAMETERS")
	}
	return v.refuse(number, "INTERNAL_SERVER_ERROR")
}

// refuse answers with an error.
func (v remotePC) refuse(code int, descriptions ...string) reply {
	var errors []map[string]string
	for _, d := range descriptions {
		if v.quirks.NewErrors {
			d = "RPC_" + d + "_V2"
		}
		errors = append(errors, map[string]string{"description": d})
	}
	status := map[int]string{400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "Forbidden"}[code]
	if status == "" {
		status = "INTERNAL_SERVER_ERROR"
	}
	return v.say(code, status, map[string]any{"errorsCount": len(errors), "errors": errors})
}

// grant answers with success.
func (v remotePC) grant(message any) reply {
	if _, isText := message.(string); v.quirks.TextMessage && !isText {
		text, err := json.Marshal(message)
		if err != nil {
			panic(fmt.Sprintf("an answer cannot be written: %v", err))
		}
		message = string(text)
	}
	return v.say(http.StatusOK, "OK", map[string]any{"message": message})
}

func (v remotePC) say(code int, status string, content map[string]any) reply {
	if v.quirks.LooseStatus {
		status = status[:1] + strings.ToLower(status[1:]) + " "
	}
	content["status"], content["code"] = status, code
	if v.quirks.ExtraKeys {
		content["requestId"], content["data"] = "5f0c", []any{nil}
	}
	httpStatus := code
	if v.quirks.ErrorsInside || code < 200 || code > 599 {
		httpStatus = http.StatusOK
	}
	a := object(httpStatus, "application/json", content)
	a.code = code
	return a
}

func (v remotePC) add(x *exchange) reply {
	in, ok := fieldsOf(x.body)
	first, ok1 := in.text("firstName")
	last, ok2 := in.text("lastName")
	name, ok3 := in.text("invitedUserEmailId")
	password, ok4 := in.text("password")
	computers, ok5 := in.count("allotedComputers", false)
	_, mail := in["sendEmailToUser"].(bool)
	v.keep(password)
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !mail && in["sendEmailToUser"] != nil {
		return v.failure(x, http.StatusBadRequest)
	}
	var missing []string
	for _, field := range []struct{ value, description string }{
		{first, "FIRSTNAME_REQUIRED"}, {last, "LASTNAME_REQUIRED"}, {name, "EMAILID_REQUIRED"}, {password, "PASSWORD_REQUIRED"},
	} {
		if field.value == "" {
			missing = append(missing, field.description)
		}
	}
	name = strings.ToLower(name)
	_, here, _ := v.find(x.account.Name, name, x.now)
	switch {
	case len(missing) > 0:
		return v.refuse(http.StatusBadRequest, missing...)
	case !isAddress(name):
		return v.refuse(http.StatusBadRequest, "ENTER_VALID_EMAIL")
	case len(password) < 6:
		return v.refuse(http.StatusBadRequest, "INVALID_PASSWORD")
	case here:
		return v.refuse(http.StatusBadRequest, "EMAIL_EXISTS")
	}
	v.put(x, user(name, first+" "+last, password, computers, x.now), false)
	return v.grant("SUCCESS")
}

// user is one that a call creates.
func user(name, contact, password string, computers int, created time.Time) Customer {
	return Customer{
		Name: name, Email: name, Contact: contact, Secret: password, Created: created, Active: password != "",
		Packs: []Pack{{"computers", strconv.Itoa(computers)}},
	}
}

func (v remotePC) invite(x *exchange) reply {
	var in []fields
	if !decode(x.body, &in) || len(in) == 0 {
		return v.failure(x, http.StatusBadRequest)
	}
	for _, invited := range in {
		name, ok := invited.text("invitedUserEmailId")
		_, ok2 := invited.count("allotedComputers", false)
		switch {
		case !ok || !ok2:
			return v.failure(x, http.StatusBadRequest)
		case name == "":
			return v.refuse(http.StatusBadRequest, "EMAILID_REQUIRED")
		case !isAddress(name):
			return v.refuse(http.StatusBadRequest, "ENTER_VALID_EMAIL")
		}
	}
	var outcomes []map[string]string
	for _, invited := range in {
		name, _ := invited.text("invitedUserEmailId")
		computers, _ := invited.count("allotedComputers", false)
		outcomes = append(outcomes, map[string]string{"username": name, "status": v.inviteOne(x, strings.ToLower(name), computers)})
	}
	return v.grant(outcomes)
}

func (v remotePC) inviteOne(x *exchange, name string, computers int) (status string) {
	c, here, _ := v.find(x.account.Name, name, x.now)
	switch {
	case here && c.Secret == "":
		return "ALREADY_INVITED"
	case here:
		return "EXISTS"
	}
	v.put(x, user(name, "", "", computers, x.now), false)
	comes := x.now.Add(acceptance)
	password := v.keep("pw-" + randomText(stream(v.world.Seed, name, comes.UnixNano()), 12))
	key := editKey{x.account.Name, name}
	v.edits[key] = append(v.edits[key], edit{at: comes, customer: user(name, "", password, computers, comes)})
	return "INVITED"
}

func (v remotePC) signIn(x *exchange) reply {
	in, ok := fieldsOf(x.body)
	name, ok1 := in.text("username")
	password, ok2 := in.text("password")
	v.keep(password)
	if !ok || !ok1 || !ok2 {
		return v.failure(x, http.StatusBadRequest)
	}
	c, here, known := v.find(x.account.Name, strings.ToLower(name), x.now)
	code := http.StatusBadRequest
	switch {
	case name == "":
		return v.refuse(code, "USERNAME_REQUIRED")
	case password == "":
		return v.refuse(code, "PASSWORD_REQUIRED")
	case strings.Contains(name, "@") && !isAddress(name):
		return v.refuse(code, "INVALID_EMAIL")
	case v.quirks.Suspended:
		return v.refuse(code, "ACTION_PARENT_ACCOUNT_SUSPENDED")
	case !known:
		return v.refuse(code, "USERNAME_DOES_NOT_EXIST")
	case !here || !c.Active:
		return v.refuse(code, "CANCELLED_ACCOUNT")
	case password != c.Secret:
		return v.refuse(code, "INVALID_PASSWORD")
	}
	token := v.keep("eyJhbGciOiJIUzUxMiJ9" + randomText(stream(v.world.Seed, c.Name, x.now.UnixNano()), 43))
	return v.grant(map[string]string{"rpc_redirect_link": "https://login.remotepc.com/rpcnew/process/autologin/" + token})
}

func (v remotePC) list(x *exchange) reply {
	if len(x.body) > 0 && !json.Valid(x.body) {
		return v.failure(x, http.StatusForbidden)
	}
	if v.quirks.NoList {
		return v.grant(map[string]any{})
	}
	rows := []map[string]any{}
	for _, c := range v.listed(x) {
		if !v.quirks.lists(&c) {
			continue
		}
		allotted, _ := c.pack("computers")
		row := map[string]any{
			"created_date": v.quirks.date(c.Created), "isActive": c.Active, "utilized_computers": c.Used, "username": c.Name,
		}
		key := "alloted_computers"
		if v.quirks.TwoTs {
			key = "allotted_computers"
		}
		row[key] = json.Number(allotted)
		if v.quirks.ExtraKeys {
			row["plan"], row["groups"] = nil, []string{"default"}
		}
		rows = append(rows, row)
	}
	return v.grant(map[string]any{"resellerUsersList": rows})
}

func (q *Quirks) date(t time.Time) any {
	switch q.Date {
	case ShortDate:
		return t.UTC().Format("1-2-2006")
	case EmptyDate:
		return ""
	case NullDate:
		return nil
	}
	return t.UTC().Format("01-02-2006")
}

// isAddress reports whether text is an e-mail address and nothing else.
func isAddress(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text
}
