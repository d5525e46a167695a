package report

import "strings"

// OneLine sets the parts of joined errors apart by semicolons.
func OneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}
