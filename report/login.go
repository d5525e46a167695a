package report

// Login is an account of a vendor as the configuration names it, and what the vendor knows it by.
type Login struct {
	Vendor      string
	Account     string
	Fingerprint string // of the login; holds no secret, and stays the same under another name
}

// Move is an account that has got another name: all that is stored of it moves there.
type Move struct {
	Vendor   string `json:"vendor"`
	From, To string
}
