package remotepc

import "alpemix-collector/reseller"

// Vendor is RemotePC.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "orange", ReportsLimits: true,
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
}
