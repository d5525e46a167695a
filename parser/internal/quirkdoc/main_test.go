package main

import (
	"bytes"
	"os"
	"testing"

	"alpemix-collector/parser"
)

func TestPageIsUpToDate(t *testing.T) {
	have, err := os.ReadFile("../../../docs/quirks.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, page(parser.Quirks)) {
		t.Error("docs/quirks.md does not match parser/quirks.go; run: go generate ./parser")
	}
}
