package remotepc

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// blockedPause is how long we leave the vendor alone when it says that our address is blocked; it does not say until when.
const blockedPause = time.Hour

// verdict is what an error of the vendor means and what to do.
type verdict struct {
	class  report.Class
	reason string
	text   string
}

var (
	notAuthorized = verdict{report.Permanent, "not_authorized", denied}
	serverError   = verdict{report.Transient, "server_error", "an error on the vendor's side"}
	badParameter  = verdict{report.Permanent, "invalid_parameter", "the vendor does not accept one of the values"}
)

// descriptions are the ones that remotepc.txt shows; the set is open.
var descriptions = map[string]verdict{
	"EMAIL_EXISTS":                    {report.Permanent, "email_exists", "a user with this address already exists"},
	"NOT_AUTHORIZED":                  notAuthorized,
	"UNAUTHORIZED_ACCESS":             notAuthorized,
	"FORBIDDEN":                       notAuthorized,
	"INTERNAL_SERVER_ERROR":           serverError,
	"FIRSTNAME_REQUIRED":              badParameter,
	"LASTNAME_REQUIRED":               badParameter,
	"EMAILID_REQUIRED":                badParameter,
	"ENTER_VALID_EMAIL":               badParameter,
	"INVALID_EMAIL":                   badParameter,
	"USERNAME_REQUIRED":               badParameter,
	"PASSWORD_REQUIRED":               badParameter,
	"INVALID_PASSWORD":                badParameter,
	"USERNAME_DOES_NOT_EXIST":         {report.Permanent, "unknown_user", "no user has this name"},
	"ACTION_PARENT_ACCOUNT_SUSPENDED": {report.Permanent, "account_suspended", "the account that this user belongs to is suspended"},
	"CANCELLED_ACCOUNT":               {report.Permanent, "account_cancelled", "this user's account is cancelled"},
	"IP_ADDRESS_BLOCKED":              {report.Blocked, "address_blocked", "the vendor has blocked this machine's address"},
}

// judge is the message of a success. Errors may come with HTTP status 200: status and code of the document decide.
func judge(a *vendorhttp.Answer) (json.RawMessage, error) {
	text, err := a.Text()
	if err != nil {
		return nil, err
	}
	var e envelope
	if err := wire.Object(text, &e); err != nil {
		return nil, err
	}
	code, _ := e.Code.Int()
	well := strings.EqualFold(strings.TrimSpace(e.Status.Value), "OK")
	told := described(e.Errors)
	switch {
	case well && code == http.StatusOK && a.Status/100 == 2 && len(told) == 0:
		return e.Message, nil
	case !e.Status.Valid || !e.Code.Valid:
		return nil, fmt.Errorf("status or code is missing in %s", vendorhttp.Shape(text))
	case code < http.StatusBadRequest:
		return nil, contradiction
	case len(told) > 0 || !well && code != http.StatusOK:
		return nil, failure(a, int(code), told)
	}
	return nil, contradiction
}

var contradiction = vendorhttp.Unclear(errors.New("HTTP status, status, code and errors contradict each other"))

// described are the first descriptions of the errors, which are objects, or texts.
func described(list json.RawMessage) (told []string) {
	const most = 3
	full := errors.New("enough")
	_, _ = wire.Each(list, func(element json.RawMessage) error {
		var entry struct {
			Description wire.Text `json:"description"`
		}
		var text wire.Text
		if wire.Object(element, &entry) != nil && json.Unmarshal(element, &text) == nil {
			entry.Description = text
		}
		if d := strings.TrimSpace(entry.Description.Value); d != "" {
			told = append(told, d)
		}
		if len(told) == most {
			return full
		}
		return nil
	})
	return told
}

func failure(a *vendorhttp.Answer, code int, told []string) *report.Failure {
	v, text := byCode(code), ""
	for _, d := range slices.Backward(told) { // the first one that we know counts
		if known, ok := descriptions[strings.ToUpper(d)]; ok {
			v, text = known, " "+strings.ToUpper(d)+text
		} else {
			text = fmt.Sprintf(" %q", a.Excerpt([]byte(d))) + text
		}
	}
	f := a.Fail(v.class, v.reason, "error %d%s: %s", code, text, v.text)
	f.Code = code
	switch v.class {
	case report.Blocked:
		f.NotBefore = time.Now().Add(blockedPause)
	case report.Throttle:
		f.NotBefore = time.Now().Add(time.Minute)
	}
	return f
}

func byCode(code int) verdict {
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return notAuthorized
	case code == http.StatusTooManyRequests:
		return verdict{report.Throttle, "throttled", "too many requests"}
	case code >= 500:
		return serverError
	}
	return verdict{report.Permanent, "refused", "the vendor refuses the request"}
}
