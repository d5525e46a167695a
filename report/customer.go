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
