package alpemix

// For tests of what cannot be provoked on a loopback address.
var (
	Diagnose     = diagnose
	NeverSent    = neverSent
	NewTransport = newTransport
)
