package limacity

import "alpemix-collector/reseller"

// Vendor is lima-city.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "yellow",
	Config: func() reseller.Section { return new(reseller.Settings[Account]) },
}
