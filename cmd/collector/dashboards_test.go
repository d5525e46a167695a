package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestDashboardsPush goes through the command as a user would; what becomes of dashboards is tested in dashboards/grafana.
func TestDashboardsPush(t *testing.T) {
	const secret = "glsa_0123456789abcdef"
	edited := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // as Grafana does; else the connection may be reset before the answer is read
		switch {
		case r.Header.Get("Authorization") != "Bearer "+secret:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, `{"message":"no %s"}`, r.Header.Get("Authorization"))
		case r.URL.Path == "/api/folders":
			_, _ = fmt.Fprint(w, `[{"id":3,"title":"Alpemix"}]`)
		case r.Method == http.MethodPost:
			_, _ = fmt.Fprint(w, `{"status":"success","version":1}`)
		case edited:
			_, _ = fmt.Fprint(w, `{"meta":{"version":4},"dashboard":{}}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"message":"Dashboard not found"}`)
		}
	}))
	defer server.Close()
	authority := write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	token, other := write(t, "token", secret+"\n"), write(t, "other", "glsa_another-one\n")
	for _, c := range []struct {
		name, args string
		environ    []string
		edited     bool
		code       int
		stdout     string // of the first line
		stderr     string
	}{
		{"token file", "--token-file " + token, nil, false, exitOK, "created        Support overview         " + server.URL + "/d/alpemix-overview", ""},
		{"environment", "", []string{tokenVariable + "=" + secret}, false, exitOK, "created  ", ""},
		{"dry run", "--dry-run --token-file " + token, nil, false, exitOK, "to be created  Support overview ", ""},
		{"edited", "--token-file " + token, nil, true, exitFailure, "kept           Support overview ", "--overwrite replaces them"},
		{"overwrite", "--overwrite --token-file " + token, nil, true, exitOK, "updated  ", ""},
		{"file before environment", "--token-file " + other, []string{tokenVariable + "=" + secret}, false, exitFailure, "", "Grafana answers 401 Unauthorized: no Bearer [redacted]"},
		{"no token", "", nil, false, exitUsage, "", "the token is missing: give --token-file"},
		{"no such file", "--token-file absent", nil, false, exitUsage, "", "--token-file: cannot read absent: no such file"},
		{"wrong authority", "--ca-file " + token + " --token-file " + token, nil, false, exitUsage, "", "contains no certificate in PEM format"},
		{"wrong address", "--grafana grafana.example.com --token-file " + token, nil, false, exitUsage, "", "--grafana: the address of Grafana has to be like https://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			edited = c.edited
			args := append([]string{"dashboards", "push", "--grafana", server.URL, "--ca-file", authority}, strings.Fields(c.args)...)
			got := command(t, c.environ, "", args...)
			if got.code != c.code || !strings.HasPrefix(got.stdout, c.stdout) || !strings.Contains(got.stderr, c.stderr) || (c.stdout == "") != (got.stdout == "") {
				t.Errorf("%d\n%s\n%s\nwant %d\n%s\n%s", got.code, got.stdout, got.stderr, c.code, c.stdout, c.stderr)
			}
			if strings.Contains(got.stdout+got.stderr, "glsa_") {
				t.Errorf("it shows the token: %s%s", got.stdout, got.stderr)
			}
		})
	}
}
