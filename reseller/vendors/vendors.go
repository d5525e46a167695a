// Package vendors lists the reseller vendors. Everything else that knows them all goes by this list.
package vendors

import (
	"alpemix-collector/reseller"
	"alpemix-collector/reseller/ccportal"
	"alpemix-collector/reseller/limacity"
	"alpemix-collector/reseller/remotepc"
	"alpemix-collector/reseller/serwersms"
)

// All are the vendors, in the order of the documentation.
var All = []*reseller.Vendor{&remotepc.Vendor, &ccportal.Vendor, &serwersms.Vendor, &limacity.Vendor}
