package serwersms

import "alpemix-collector/reseller"

// Vendor is SerwerSMS.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "green",
	Short:   "SerwerSMS: list, view, add, limit and delete subaccounts",
	Config:  func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: actions,
}
