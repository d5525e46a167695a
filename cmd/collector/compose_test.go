package main

import (
	"os"
	"regexp"
	"testing"

	"go.yaml.in/yaml/v3"

	"alpemix-collector/cmd/collector/config"
)

// TestComposeConfiguresTheCollector: a renamed key must not leave docker-compose.yml behind.
func TestComposeConfiguresTheCollector(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct{ Environment map[string]string }
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`\$\{[A-Z_]+(:-([^}]*)|:\?[^}]+)\}`)
	var environ []string
	for name, value := range compose.Services["collector"].Environment {
		environ = append(environ, name+"="+variable.ReplaceAllString(value, "value$2"))
	}
	c, err := config.Load("", environ)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Alpemix.Accounts) != 1 || c.ClickHouse.DSN.Embedded() || c.ClickHouse.Database != "alpemix" || len(c.Warnings) != 0 {
		t.Errorf("%+v", c)
	}
}
