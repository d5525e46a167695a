package reseller

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"alpemix-collector/simulator"
)

var people = []string{
	"Ayşe Yılmaz", "Wojciech Nowak", "Sabine Krüger", "Mehmet Kaya", "Anna Wiśniewska", "Thomas Becker", "Elif Demir", "Piotr Zieliński",
	"Jürgen Weiß", "Fatma Çelik", "Katarzyna Wójcik", "Heike Schäfer", "Burak Öztürk", "Marek Kowalczyk", "Stefan Vogel", "Zeynep Arslan",
	"Agnieszka Lis", "Uwe Hoffmann", "Gülşen Doğan", "Tomasz Mazur", "Petra Lindner", "Oğuz Koç", "Ewa Sikora", "Lukas Brandt",
}

// desks are mailboxes that belong to nobody in particular.
var desks = []string{"info", "muhasebe", "destek", "siparis", "satis", "kasa", "ik", "depo"}

// tenant is who has the i-th seat of an account with the vendor: a customer of the desk, or each seventh time a stranger
// there. The vendors share out the desk's best customers; each sixth one of an account is RemotePC's as well.
func (w *World) tenant(vendor string, i int) (company string, served *simulator.Customer) {
	if i%7 == 6 {
		return twinOf(vendor).strangers[i/7], nil
	}
	share := slices.Index(twins, twinOf(vendor))
	if i%6 == 5 {
		i, share = i-share, 0
	}
	served = &w.regulars[(i*len(twins)+share)%len(w.regulars)]
	return served.Company, served
}

// meet asks the desk for its customers. Regulars are those whom company and support number
// distinguish from the others.
func (w *World) meet() {
	desk := w.Desk
	if desk == nil {
		desk = &simulator.World{Seed: w.Seed}
	}
	w.seats = map[Label][]seat{}
	w.callers = desk.Customers(w.deskAccount())
	companies, numbers := map[string]int{}, map[string]int{}
	for _, c := range w.callers {
		companies[slug(c.Company, "")]++
		numbers[c.SupportNumber]++
	}
	for _, c := range w.callers {
		if c.Company != "" && companies[slug(c.Company, "")] == 1 && numbers[c.SupportNumber] == 1 {
			w.regulars = append(w.regulars, c)
		}
	}
}

func (w *World) deskAccount() string { return cmp.Or(w.DeskAccount, "main") }

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func randomText(r interface{ IntN(int) int }, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(text)
}

// mailbox is the n-th name of an address at a company.
func mailbox(n int) string {
	switch n -= len(desks); {
	case n < 0:
		return desks[n+len(desks)]
	case n < len(people):
		return slug(people[n], ".")
	}
	return fmt.Sprintf("%s%d", slug(people[n%len(people)], "."), 1+n/len(people))
}

// domain is under a name that nobody can have (RFC 2606).
func domain(company string) string { return slug(company, "-") + ".example" }

var plain = strings.NewReplacer(
	"ç", "c", "ğ", "g", "ı", "i", "i̇", "i", "ö", "o", "ş", "s", "ü", "u", "â", "a", "ä", "ae", "ß", "ss", "ł", "l", "ó", "o", "ś", "s", "ż", "z", "ń", "n", "ę", "e",
)

// slug is text as it is typed where only ASCII letters and digits are allowed.
func slug(text, separator string) string {
	words := strings.FieldsFunc(plain.Replace(strings.ToLower(text)), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, separator)
}
