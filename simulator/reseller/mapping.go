package reseller

import (
	"encoding/csv"
	"io"
)

// Mapping is one row of customers.csv.
type Mapping struct{ Customer, Vendor, Account, Field, Value string }

// Mappings say which customer of the accounts is which at the desk; without accounts, those of Labels. The desk has more
// customers than they name, and of some they do not name all, so that a part of the usage stays without a customer.
func (w *World) Mappings(accounts ...Label) []Mapping {
	if len(accounts) == 0 {
		accounts = Labels()
	}
	w.once.Do(w.meet)
	shared := map[string]int{}
	for _, c := range w.callers {
		for _, d := range c.Devices {
			shared[d.Name]++
			shared[d.AlpemixID]++
		}
	}
	var rows []Mapping
	known := map[string]bool{}
	for _, l := range accounts {
		for _, s := range w.seatsFor(l) {
			var c Customer
			s.name(&c, 0)
			rows = append(rows, Mapping{s.company, l.Vendor, l.Account, "customer", c.Key()})
			if s.served == nil || known[s.company] {
				continue
			}
			known[s.company] = true
			add := func(field, value string) {
				rows = append(rows, Mapping{s.company, "alpemix", w.deskAccount(), field, value})
			}
			if s.index%3 != 2 {
				add("support_number", s.served.SupportNumber)
			}
			for _, d := range s.served.Devices {
				switch unmistakable := shared[d.Name] == 1 && d.Name != ""; {
				case s.index%3 == 2 && unmistakable:
					add("target_name", d.Name)
				case s.index%3 != 0 && shared[d.AlpemixID] == 1:
					add("target_alpemix_id", d.AlpemixID)
				}
			}
		}
	}
	return rows
}

// WriteMappings writes Mappings as a customers.csv.
func (w *World) WriteMappings(out io.Writer, accounts ...Label) error {
	table := csv.NewWriter(out)
	lines := [][]string{{"customer", "vendor", "account", "field", "value"}}
	for _, m := range w.Mappings(accounts...) {
		lines = append(lines, []string{m.Customer, m.Vendor, m.Account, m.Field, m.Value})
	}
	return table.WriteAll(lines)
}
