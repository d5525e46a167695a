package ccportal

import "alpemix-collector/reseller"

// Vendor is the CC Simple Portal.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "purple", ReportsLimits: true,
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
}
