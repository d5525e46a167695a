// Draw writes the dashboards as the JSON files that Grafana imports. One program writes them all,
// so that what they share (grid, colors, filters, links) is in one place, and the SQL is readable.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: draw FOLDER")
		os.Exit(2)
	}
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "draw:", err)
			os.Exit(1)
		}
	}
}

// files returns the text of each file by name.
func files() map[string][]byte {
	all := map[string][]byte{}
	for name, d := range map[string]dashboard{
		"overview.json": overview(), "staff.json": staff(), "customers.json": customers(), "connections.json": connections(), "health.json": health(),
	} {
		all[name] = d.text()
	}
	return all
}
