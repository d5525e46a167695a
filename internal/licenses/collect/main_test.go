package main

import (
	"bytes"
	"os"
	"testing"
)

// TestLicensesAreUpToDate: licenses.txt lists what the binary is built from now.
func TestLicensesAreUpToDate(t *testing.T) {
	want, err := collect("../../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../licenses.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("licenses.txt does not match the modules of the binary; run: go generate ./internal/licenses")
	}
}

// TestFetchedLicense: the copy of uPlot's licence is that of the package, where it was fetched.
func TestFetchedLicense(t *testing.T) {
	fetched, err := os.ReadFile("../../../web/assets/uplot.txt")
	if os.IsNotExist(err) {
		t.Skip("make charts fetches uPlot")
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(fetched) != uplot {
		t.Error("uplot.txt is not the licence of the uPlot that web/fetch.sh fetches; copy web/assets/uplot.txt here")
	}
}
