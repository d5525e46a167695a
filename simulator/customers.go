package simulator

import (
	"slices"
	"strings"

	"alpemix-collector/report"
)

// Customer is someone whom the desk of an account serves.
type Customer struct {
	Company       string // as in most of its devices' names; "" if in none
	SupportNumber string
	Devices       []report.Party
}

// Customers are account's, those that call most often first.
func (w *World) Customers(account string) []Customer {
	desk := w.day(account, 0).desk // that of any day
	var all []Customer
	for i := range desk.targets {
		t := &desk.targets[i]
		if i == 0 || t.supportNumber != desk.targets[i-1].supportNumber {
			all = append(all, Customer{SupportNumber: t.supportNumber})
		}
		c := &all[len(all)-1]
		c.Devices = append(c.Devices, t.party)
	}
	for i := range all {
		all[i].Company = companyOf(all[i].Devices)
	}
	return all
}

// companyOf is what stands before the machine in most names of the form that deviceName gives to most devices.
func companyOf(devices []report.Party) string {
	votes := map[string]int{}
	var names []string
	for _, d := range devices {
		if company, _, found := strings.Cut(d.Name, " - "); found {
			votes[company]++
			names = append(names, company)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return slices.MaxFunc(names, func(a, b string) int { return votes[a] - votes[b] })
}
