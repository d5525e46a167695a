// Package version says which build this is.
package version

import "runtime/debug"

// version and commit are stamped by the Makefile; a plain go build has its own.
var version, commit string

// Build returns the version of this binary and the commit it was built from.
func Build() (name, from string) {
	name, from = version, commit
	info, ok := debug.ReadBuildInfo()
	if ok && name == "" {
		name = info.Main.Version
	}
	if ok && from == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				from = s.Value
			}
		}
	}
	if name == "" || name == "(devel)" {
		name = "development"
	}
	if from == "" {
		from = "unknown"
	}
	return name, from
}
