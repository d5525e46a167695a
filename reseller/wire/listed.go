package wire

import (
	"strconv"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/vendorhttp"
)

// Listed adds to a snapshot who the customers are of a vendor that reports none of their limits.
func Listed[C any](s *report.Snapshot, customers []C, id func(C) int64) {
	s.At = time.Now().UTC()
	seen := map[int64]bool{}
	for _, c := range customers {
		if seen[id(c)] {
			continue
		}
		seen[id(c)] = true
		raw, _ := vendorhttp.JSON(c) // numbers and texts
		s.Allotments = append(s.Allotments, report.Allotment{
			Vendor: s.Vendor, Account: s.Account, Customer: strconv.FormatInt(id(c), 10), Raw: string(raw),
		})
	}
}
