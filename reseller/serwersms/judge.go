package serwersms

import (
	"encoding/json"
	"errors"

	"alpemix-collector/report"
	"alpemix-collector/reseller/wire"
	"alpemix-collector/vendorhttp"
)

// verdict is what an error code means and what to do.
type verdict struct {
	class  report.Class
	reason string
	text   string
}

var (
	noRights   = verdict{report.Permanent, "no_rights", "the API user has no right to do this: see its rights in the customer panel"}
	badValue   = verdict{report.Permanent, "invalid_parameter", "the vendor does not accept one of the values"}
	subaccount = verdict{report.Permanent, "subaccount_refused", "the vendor refuses this for the subaccount"}
)

// codes are the ones that concern subaccounts.
var codes = map[int]verdict{
	1000: {report.Permanent, "unknown_action", "the vendor does not know the action: is " + vendor.EndpointKey + " right?"},
	1001: {report.Permanent, "bad_credentials", "the token, or username and password, are not right: compare them with the API users in the customer panel"},
	1002: noRights,
	1003: {report.Permanent, "address_refused", "this machine's address is not on the list of the API user: see the API users in the customer panel"},
	1004: {report.Permanent, "unknown_id", "no subaccount has this id"},
	1005: noRights,
	1006: {report.Permanent, "bad_format", "the vendor could not read the request: its API has changed"},
	1007: noRights,
	1008: noRights,
	2000: badValue,
	2001: badValue,
	2002: badValue,
	4500: subaccount,
	4502: subaccount,
}

// judge is the document of a success: it has no error, and its success is true or absent. The HTTP status tells nothing; errors
// come with 200.
func judge(a *vendorhttp.Answer) (*answer, error) {
	text, err := a.Text()
	if err != nil {
		return nil, err
	}
	doc := &answer{text: text}
	if err := wire.Object(text, doc); err != nil {
		return nil, err
	}
	success := wire.ParseFlag(doc.Success.Value)
	switch {
	case len(doc.Error) > 0 && string(doc.Error) != "null":
		return nil, failure(a, doc.Error)
	case a.Status/100 != 2 && success.Value:
		return nil, vendorhttp.Unclear(errors.New("an error status contradicts success"))
	case a.Status/100 != 2:
		return nil, errors.New("an error status without an error")
	case doc.Success.Valid && !success.Valid:
		return nil, errors.New("success is neither true nor false")
	case doc.Success.Valid && !success.Value:
		return nil, a.Fail(report.Permanent, "refused", "the vendor says that it did not succeed, and not why: is there a subaccount with this id?")
	}
	return doc, nil
}

// failure is the failure of an error, which is an object or, at worst, a text.
func failure(a *vendorhttp.Answer, raw json.RawMessage) error {
	var e errorAnswer
	if json.Unmarshal(raw, &e.Message) != nil {
		if err := wire.Object(raw, &e); err != nil {
			return err
		}
	}
	n, told := e.Code.Int()
	code := int(n)
	v, known := codes[code]
	switch {
	case told && !known:
		v = verdict{report.Transient, "unknown_error", "the vendor answered an error code that is not documented for subaccounts"}
	case !told:
		v = verdict{report.Permanent, "refused", "the vendor refuses the request"}
	}
	f := a.Fail(v.class, v.reason, "error %d %s %q: %s", code, a.Excerpt([]byte(e.Type.Value)), a.Excerpt([]byte(e.Message.Value)), v.text)
	f.Code = code
	return f
}
