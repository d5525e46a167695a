package vendorhttp

import "alpemix-collector/report"

// Exported for tests of what cannot be provoked on a loopback address.
var NeverSent = neverSent

// Diagnose is diagnose.
func (v Vendor) Diagnose(err error) (report.Class, string, string) { return v.diagnose(err) }
