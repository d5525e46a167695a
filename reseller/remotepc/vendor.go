package remotepc

import "alpemix-collector/reseller"

// Vendor is RemotePC.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "orange", ReportsLimits: true,
	Short:   "RemotePC: add, invite, sign in and list users",
	Config:  func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: actions,
}
