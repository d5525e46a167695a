package reseller

import (
	"cmp"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"alpemix-collector/report"
)

// resources are the packs whose resource has another name than they have in lower case, and the unit that the name implies.
var resources = map[string]struct{ name, unit string }{
	"eco": {"sms_eco", ""}, "full": {"sms_full", ""},
	"disk_space_gb": {"disk_gb", "GB"}, "mysql_space_gb": {"mysql_gb", "GB"}, "mail_limit": {"mail", ""},
}

// allotments is what has to be read of customers.
func allotments(l Label, customers []Customer, q Quirks) []report.Allotment {
	var all []report.Allotment
	for _, c := range customers {
		for _, p := range q.packs(&c) {
			a := allotment(l, &c, p, "")
			if truth := twinOf(l.Vendor).truth; truth != nil && !truth(&q, &c, &a) {
				continue
			}
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b report.Allotment) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Resource, b.Resource))
	})
	return all
}

// allotment is what a customer has of a pack, apart from what only a call sets.
func allotment(l Label, c *Customer, p Pack, raw string) report.Allotment {
	a := report.Allotment{Vendor: l.Vendor, Account: l.Account, Customer: c.Key(), Resource: strings.ToLower(p.Name), Raw: raw}
	a.Allotted, a.Unit = quantity(p.Value)
	if r, found := resources[p.Name]; found {
		a.Resource, a.Unit = r.name, r.unit
	}
	return a
}

// Key is what the vendor's calls name c by: its number where it has one, else its name.
func (c *Customer) Key() string {
	if c.ID != 0 {
		return strconv.Itoa(c.ID)
	}
	return c.Name
}

// quantity reads a pack's value: 3 pieces, or 100M, which is 100 MB. Nobody knows what anything else means.
func quantity(value string) (amount sql.Null[float64], unit string) {
	digits, mega := strings.CutSuffix(value, "M")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return amount, ""
	}
	if mega {
		unit = "MB"
	}
	return sql.Null[float64]{V: float64(n), Valid: true}, unit
}

// packs are the customer's as the vendor lists them.
func (q *Quirks) packs(c *Customer) []Pack {
	if !q.FreeValues {
		return c.Packs
	}
	free := slices.Clone(c.Packs)
	for i := range free {
		free[i].Value = map[string]string{"Mail": "unbegrenzt", "Web": "Tarif L"}[free[i].Name]
	}
	return free
}
