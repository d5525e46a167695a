package report

import "slices"

// Login is an account of a vendor: its name in the configuration and what the vendor identifies it
// by.
type Login struct {
	Vendor      string
	Account     string
	Fingerprint string // of the login; holds no secret and does not change when the account is renamed
}

// Move is an account that was renamed: everything stored under From moves to To.
type Move struct {
	Vendor, From, To string
}

// Renames returns the moves from the known names of logins to the names that they have now. A login
// whose move was interrupted is known under several names.
func Renames(known, now []Login) (moves []Move) {
	for _, l := range now {
		for _, k := range known {
			if k.Vendor == l.Vendor && k.Fingerprint == l.Fingerprint && k.Account != l.Account {
				moves = append(moves, Move{Vendor: l.Vendor, From: k.Account, To: l.Account})
			}
		}
	}
	return moves
}

// InOrder orders moves so that none goes to a name that another has still to leave. Accounts that
// swap names go through a temporary one.
func InOrder(moves []Move) (ordered []Move) {
	pending := slices.Clone(moves)
	for len(pending) > 0 {
		i := slices.IndexFunc(pending, func(m Move) bool {
			return !slices.ContainsFunc(pending, func(o Move) bool { return o.Vendor == m.Vendor && o.From == m.To })
		})
		if i < 0 {
			m := &pending[0]
			between := Move{Vendor: m.Vendor, From: m.From, To: m.From + " (moving)"}
			ordered = append(ordered, between)
			m.From = between.To
			continue
		}
		ordered = append(ordered, pending[i])
		pending = slices.Delete(pending, i, i+1)
	}
	return ordered
}
