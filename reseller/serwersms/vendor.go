package serwersms

import "alpemix-collector/reseller"

// Vendor is SerwerSMS.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "green",
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
}
