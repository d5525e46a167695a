// Package licenses carries the licences of all software that the collector contains.
package licenses

import _ "embed"

//go:generate go run ./collect ../.. licenses.txt

// Text lists the software that a binary of the collector and its embedded engine contain, with the text of each licence.
//
//go:embed licenses.txt
var Text string
