package main

import (
	"testing"
)

// TestEveryMutantStillBreaksSomething keeps the list in step with the sources; make mutants shows that each break is noticed.
func TestEveryMutantStillBreaksSomething(t *testing.T) {
	t.Chdir("../..")
	names := map[string]bool{}
	for _, m := range mutants {
		if _, err := m.overlay(t.TempDir()); err != nil || names[m.name] {
			t.Errorf("%s: %v, known before: %t", m.name, err, names[m.name])
		}
		names[m.name] = true
	}
	if len(names) < 10 {
		t.Errorf("only %d mutants", len(names))
	}
}
