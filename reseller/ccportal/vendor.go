package ccportal

import "alpemix-collector/reseller"

// Vendor is the CC Simple Portal.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "purple", ReportsLimits: true,
	Short: "CC Simple Portal: access, mail addresses and packs",
	Long: `The calls of the CC Simple Portal API. CUSTOMER is the portal's number of a
customer (ParCustId). While changes of a customer are pending (dirty) the portal
refuses all others.`,
	Config:  func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: actions,
}
