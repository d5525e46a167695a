package alpemix

import (
	"slices"

	"alpemix-collector/vendorhttp"
)

// Reasons are all reasons of a failure of Fetch, sorted. They are bounded and serve as metric labels.
func Reasons() []string {
	all := append(vendorhttp.Reasons(), "bad_window", "limit", "state", "unknown_error")
	for _, n := range numbers {
		all = append(all, n.reason)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
