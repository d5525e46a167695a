package alpemix

import (
	"strings"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// connectionFailure returns the failure of a request that got no answer.
func (f *fetch) connectionFailure(kind report.Kind, trouble *vendorhttp.Trouble) *report.Failure {
	if strings.HasPrefix(trouble.Reason, "connect_") && f.http.Port() == "5900" {
		trouble.What += "; port 5900 is also VNC's and many firewalls block it: allow outgoing TCP to it"
	}
	fail := f.fail(kind, trouble.Class, trouble.Reason, "%w", trouble)
	fail.Unsent = trouble.Unsent
	return fail
}
