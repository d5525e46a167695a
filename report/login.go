package report

import (
	"fmt"
	"slices"
)

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
	// Displaced means that the configuration no longer has the login, and another has its name now.
	Displaced bool
}

// Reason says why the rows move; it is the beginning of a sentence for users.
func (m Move) Reason() string {
	if m.Displaced {
		return "an account is no longer in the configuration, and another login has its name now"
	}
	return "an account has another name in the configuration but the same login"
}

// Renames returns the moves from the known names of logins to the names that they have now. A login
// whose move was interrupted is known under several names. Where a login takes the name of one that
// is not in the configuration, that one is displaced: rows of two logins that have mixed cannot be
// separated again.
func Renames(known, now []Login) (moves []Move) {
	for _, l := range now {
		for _, k := range known {
			if k.Vendor == l.Vendor && k.Fingerprint == l.Fingerprint && k.Account != l.Account {
				moves = append(moves, Move{Vendor: l.Vendor, From: k.Account, To: l.Account})
			}
		}
	}
	for _, k := range known {
		taken := slices.ContainsFunc(moves, func(m Move) bool { return m.Vendor == k.Vendor && m.To == k.Account })
		stays := slices.ContainsFunc(now, func(l Login) bool { return l.Vendor == k.Vendor && l.Fingerprint == k.Fingerprint })
		if taken && !stays {
			moves = append(moves, Move{Vendor: k.Vendor, From: k.Account, To: formerName(k, known), Displaced: true})
		}
	}
	return moves
}

// Changed returns the accounts that have another login than before under the same name, unless
// Renames moves the rows of one of the two. Their rows stay, because the login may just have a new
// name at the vendor.
func Changed(known, now []Login) (changed []Login) {
	for _, l := range now {
		is := func(other Login) bool { return other.Vendor == l.Vendor && other.Fingerprint == l.Fingerprint }
		before := slices.IndexFunc(known, func(k Login) bool { return k.Vendor == l.Vendor && k.Account == l.Account })
		if before < 0 || slices.ContainsFunc(known, is) {
			continue
		}
		moves := slices.ContainsFunc(now, func(o Login) bool { return o.Vendor == l.Vendor && o.Fingerprint == known[before].Fingerprint })
		if !moves {
			changed = append(changed, l)
		}
	}
	return changed
}

// formerName is a name for a displaced login that no other has. After an interruption it is the same.
func formerName(l Login, known []Login) string {
	name := l.Account + " (former)"
	for i := 2; slices.ContainsFunc(known, func(k Login) bool {
		return k.Vendor == l.Vendor && k.Account == name && k.Fingerprint != l.Fingerprint
	}); i++ {
		name = fmt.Sprintf("%s (former %d)", l.Account, i)
	}
	return name
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
