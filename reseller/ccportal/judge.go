package ccportal

import (
	"bytes"
	"errors"
	"net/http"
	"regexp"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// pending finds the refusal of changes while others are pending. The document promises it and does not show its text.
var pending = regexp.MustCompile(`(?i)\b(dirty|pending|ausstehend\w*)\b`)

// pendingPause is how long we wait for changes that are pending; the portal does not say.
const pendingPause = time.Minute

// judge is the failure of every status but 200. The portal's own errors are plain text or empty; what is a page, or comes from a
// gateway or a proxy in between, is no word of the portal's.
func judge(a *vendorhttp.Answer) error {
	text, said := a.Said(), ""
	if len(bytes.TrimSpace(text)) > 0 {
		said = ": " + a.Excerpt(text)
	}
	verdict := func(class report.Class, reason, advice string) error {
		f := a.Fail(class, reason, "HTTP %d %s%s: %s", a.Status, http.StatusText(a.Status), said, advice)
		f.Code = a.Status
		if class == report.Throttle {
			f.NotBefore = time.Now().Add(pendingPause)
		}
		return f
	}
	switch {
	case a.Status == http.StatusOK:
		return nil
	case a.Page(), a.Status < 400, a.Status == http.StatusProxyAuthRequired, a.Status == http.StatusRequestTimeout,
		a.Status == http.StatusTooManyRequests, a.Status == http.StatusBadGateway, a.Status == http.StatusGatewayTimeout:
		return errors.New("the status is not 200")
	case pending.Match(text):
		return verdict(report.Throttle, "pending", "earlier changes of this customer are pending; until they are done, the portal refuses all others")
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return verdict(report.Permanent, "not_authorized", vendor.Denied)
	case a.Status == http.StatusNotFound:
		return verdict(report.Permanent, "not_found", "the portal knows no such customer, or no such call: are the customer's number and "+vendor.EndpointKey+" right?")
	case a.Status >= 500:
		return verdict(report.Transient, "server_error", "an error on the portal's side")
	}
	return verdict(report.Permanent, "refused", "the portal refuses the request; it refuses all changes of a customer whose earlier ones are pending (dirty)")
}
