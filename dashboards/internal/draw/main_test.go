package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesAreUpToDate(t *testing.T) {
	all := files()
	present, err := filepath.Glob("../../*.json")
	if err != nil || len(present) != len(all) {
		t.Errorf("%d files, %d dashboards, %v", len(present), len(all), err)
	}
	for name, want := range all {
		have, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("dashboards/%s is not what dashboards/internal/draw draws; run: go generate ./dashboards", name)
		}
	}
}
