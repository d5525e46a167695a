package report

// Login is an account of a vendor: its name in the configuration and what the vendor identifies it
// by.
type Login struct {
	Vendor      string
	Account     string
	Fingerprint string // of the login; holds no secret and does not change when the account is renamed
}

// Move is an account that was renamed: everything stored under From moves to To.
type Move struct {
	Vendor   string `json:"vendor"`
	From, To string
}
