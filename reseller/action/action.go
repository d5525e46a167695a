// Package action describes the calls of a vendor's document, and what goes with them, as rows that one command line is made of.
package action

import (
	"context"
	"fmt"

	"alpemix-collector/internal/secret"
	"alpemix-collector/report"
)

// Action is a command, or a group of commands. A command has one of Read, Print and Change.
type Action struct {
	Use                  string // the name, and the arguments in capitals; behind the last may stand "..."
	Short, Long, Example string
	Flags                []Flag
	Secret               *Secret  // nil for none
	Actions              []Action // that stand below it

	Read   func(context.Context, *Call) (*Listing, error) // prints a listing
	Print  func(context.Context, *Call) (string, error)   // prints a text
	Change func(*Call) (*Change, error)                   // plans a change at the vendor
	// Local: it reads the state folder, for all accounts, or prints what it changed there for one. The vendor is not asked.
	Local bool
}

// Flag is a flag of an action.
type Flag struct {
	Name     string
	Default  any // a string, bool, uint32 or int64; a nil *bool for a bool that need not be said
	Usage    string
	Required bool
}

// Secret is a secret that an action asks for: in a file, on standard input or on the terminal.
type Secret struct {
	Noun  string // password, key
	IsNew bool   // the call sets it: a prompt asks twice
	Whose string // as a prompt says it; %s is the first argument
}

// Call is one run of an action.
type Call struct {
	Client   any // the vendor's, of the account; nil for a local action
	Account  string
	Args     []string
	Flags    map[string]any // each of the type of its default
	Secret   secret.Value   // what Action.Secret asks for
	StateDir string
	DryRun   bool
	// Show prints a secret to whoever sits at the terminal; false if nobody does.
	Show func(secret.Value) bool
}

// Change is a call that changes something at a vendor.
type Change struct {
	Name    string // the vendor's of the call
	Subject string // whom it is about: the vendor's name or id of the customer
	Asked   string // what is asked for, for provisioning_log; no secret
	Look    string // what shows afterwards whether it was done
	Send    func(context.Context) (Result, error)
}

// Result is what a change has brought.
type Result struct {
	Done       string             // for people, of a change that was made
	Detail     string             // for provisioning_log, beside Asked
	Partly     string             // what was done beside a failure, for people and for provisioning_log
	Allotments []report.Allotment // that hold from now on
	Ended      string             // the customer who was deleted; empty for none
	Trouble    error              // what else there is to say, also beside a failure
}

// Misuse is an error of the command line.
type Misuse struct{ err error }

// Misusef makes a Misuse.
func Misusef(format string, args ...any) error { return &Misuse{fmt.Errorf(format, args...)} }

func (m *Misuse) Error() string { return m.err.Error() }
