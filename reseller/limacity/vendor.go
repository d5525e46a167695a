package limacity

import "alpemix-collector/reseller"

// Vendor is lima-city.
var Vendor = reseller.Vendor{
	Name: vendor.Name, Color: "yellow",
	Short: "lima-city: create and list customers, and make calls with their own keys",
	Long: `The calls of lima-city's reseller API. A customer that is made here gets an API
key with all rights to its account. It is told once, and kept in
state_dir/limacity-keys.`,
	Config:  func() reseller.Section { return new(reseller.Settings[Account]) },
	Actions: actions,
	Renamed: renamed,
}
