package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/web"
)

// daemonUsage is what a running daemon's page shows of ClickHouse.
func daemonUsage(t *testing.T, listen string) *web.Usage {
	t.Helper()
	for deadline := time.Now().Add(patience); ; pause(t.Context(), 50*time.Millisecond) {
		answer, err := http.Get(daemon.PageURL(listen) + "/api/v1/usage")
		if err != nil {
			t.Fatal(err)
		}
		var a web.UsageAnswer
		if err := errors.Join(json.NewDecoder(answer.Body).Decode(&a), answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if a.Usage != nil {
			return a.Usage
		}
		if time.Now().After(deadline) {
			t.Fatalf("the page shows nothing of ClickHouse: %+v", a.Error)
		}
	}
}
