package report

// CustomerLine is one line of customers.csv: records whose Field holds Value belong to Customer. An
// empty Account means any account.
type CustomerLine struct {
	Customer string
	Vendor   string
	Account  string
	Field    string
	Value    string
}

// CustomerChange is a line that was added to customers.csv or removed. The whole line is its
// identity.
type CustomerChange struct {
	CustomerLine
	Removed bool
	Version uint64 // the greatest Version of a line is the newest
}
