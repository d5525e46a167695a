package report

// CustomerLine is one line of customers.csv: who is called Value in a field of a vendor's data is Customer. An empty Account
// means any.
type CustomerLine struct {
	Customer string
	Vendor   string
	Account  string
	Field    string
	Value    string
}

// CustomerChange is a line that came into customers.csv, or went. The whole line is its identity.
type CustomerChange struct {
	CustomerLine
	Removed bool
	Version uint64 // of two changes of one line the greater Version is the newer
}
