package alpemix

import (
	"slices"

	"alpemix-collector/vendorhttp"
)

// Reasons returns all reasons of a failure of Fetch, sorted. There are few, so they can be metric
// labels.
func Reasons() []string {
	all := append(vendorhttp.Reasons(), "bad_window", "limit", "state", "unknown_error")
	for _, n := range numbers {
		all = append(all, n.reason)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
