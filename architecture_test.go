package house

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// unlayered is the layer of packages that no layered package imports, except cmd/collector for its
// demo.
const unlayered = -1

var codeSpan = regexp.MustCompile("`([^`]+)`")

// TestHouseLayerTable compares the table of docs/architecture.md with the map of allowed imports.
func TestHouseLayerTable(t *testing.T) {
	table := section(t, "docs/architecture.md", "| layer | packages | |\n|---|---|---|\n")
	layer := map[string]int{}
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		n := unlayered
		if name := strings.TrimSpace(cells[1]); name != "beside" {
			var err error
			if n, err = strconv.Atoi(name); err != nil {
				t.Fatalf("%s: %v", row, err)
			}
		}
		for _, m := range codeSpan.FindAllStringSubmatch(cells[2], -1) {
			if _, twice := layer[m[1]]; twice {
				t.Errorf("%s has two layers", m[1])
			}
			layer[m[1]] = n
		}
	}
	for folder := range layer {
		if _, known := layers[folder]; !known {
			t.Errorf("docs/architecture.md gives a layer to %s, which house_test.go does not know", folder)
		}
	}
	for folder, imports := range layers {
		if _, known := layer[folder]; !known {
			t.Errorf("docs/architecture.md gives no layer to %s", folder)
		}
		for _, path := range imports {
			if path != "*" && layer[folder] != unlayered && layer[path] >= layer[folder] {
				t.Errorf("%s of layer %d may import %s of layer %d", folder, layer[folder], path, layer[path])
			}
			if path != "*" && layer[folder] != unlayered && layer[path] == unlayered {
				t.Errorf("%s may import %s, which has no layer", folder, path)
			}
		}
	}
}

// section returns a table of a page: the lines between its header and the next empty line.
func section(t *testing.T, page, head string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), head)
	if !found {
		t.Fatalf("%s has no table %q", page, head)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	return table
}

// TestHouseDrawing: the folders in the drawing of the architecture exist, and the page explains
// them.
func TestHouseDrawing(t *testing.T) {
	drawing, err := os.ReadFile("docs/architecture.svg")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	folders := regexp.MustCompile(`class="folder"[^>]*>([^<]+)<`).FindAllSubmatch(drawing, -1)
	if len(folders) < 6 {
		t.Errorf("the drawing names %d folders", len(folders))
	}
	for _, m := range folders {
		folder := string(m[1])
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			t.Errorf("the drawing names the folder %s: %v", folder, err)
		}
		if !strings.Contains(string(page), folder) {
			t.Errorf("docs/architecture.md does not explain %s", folder)
		}
	}
}
