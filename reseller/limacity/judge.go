package limacity

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// judge is the document of a success. Errors have a status of their own, errors by field, or an error; their HTTP status is 400 or
// another. A redirect, or a status of 500 and above, is no word about the request.
func judge(a *vendorhttp.Answer) (*answer, error) {
	if a.Status >= 500 || a.Status == http.StatusTooManyRequests || a.Status/100 == 3 {
		return nil, errors.New("an error status")
	}
	text, err := a.Text()
	if err != nil {
		return nil, err
	}
	doc := &answer{text: text}
	if err := wire.Object(text, doc); err != nil {
		return nil, err
	}
	status := strings.ToLower(strings.TrimSpace(doc.Status.Value))
	told := append(messages(a, doc.Errors), messages(a, doc.Error)...)
	switch failed := len(told) > 0 || strings.HasPrefix(status, "invalid") || status == "error"; {
	case status == "ok" && (failed || a.Status/100 != 2):
		return nil, vendorhttp.Unclear(errors.New("its status ok contradicts an error"))
	case failed:
		return nil, failure(a, status, told)
	case a.Status/100 != 2:
		return nil, errors.New("an error status without an error")
	}
	return doc, nil
}

func failure(a *vendorhttp.Answer, status string, told []string) *report.Failure {
	reason, text := "refused", "the vendor refuses the request"
	switch {
	case a.Status == http.StatusUnauthorized:
		reason, text = "bad_credentials", vendor.Denied
	case a.Status == http.StatusForbidden:
		reason, text = "no_rights", vendor.Denied
	case a.Status == http.StatusNotFound:
		reason, text = "not_found", "the vendor does not know the address: is "+vendor.EndpointKey+" right?"
	case status == "invalid_resource":
		reason, text = "invalid_resource", "the vendor does not accept the values"
	}
	f := a.Fail(report.Permanent, reason, "HTTP %d %q: %s", a.Status, strings.Join(told, ", "), text)
	if a.Status/100 != 2 {
		f.Code = a.Status
	}
	return f
}

// messages are the texts of an error: a text, texts by field, or any nesting of them.
func messages(a *vendorhttp.Answer, raw json.RawMessage) (told []string) {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return nil
	}
	const most = 5
	var collect func(field string, value any)
	collect = func(field string, value any) {
		switch value := value.(type) {
		case string:
			if value != "" && len(told) < most {
				told = append(told, a.ErrorText([]byte(field+value)))
			}
		case []any:
			for _, v := range value {
				collect(field, v)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(value)) {
				collect(name+" ", value[name])
			}
		}
	}
	collect("", value)
	return told
}
