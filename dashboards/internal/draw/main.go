// Draw writes the dashboards as the JSON files that Grafana imports. They are drawn by one program, so that what they share
// (the grid, colours, filters, links) is said once, and so that SQL can be read.
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
	for name, text := range drawn() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "draw:", err)
			os.Exit(1)
		}
	}
}

// drawn is the text of each file by its name.
func drawn() map[string][]byte {
	files := map[string][]byte{}
	for name, d := range map[string]dashboard{
		"overview.json": overview(), "staff.json": staff(), "customers.json": customers(), "connections.json": connections(), "health.json": health(),
	} {
		files[name] = d.text()
	}
	return files
}
