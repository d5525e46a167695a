package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthyAsksTheDaemon(t *testing.T) {
	code := http.StatusOK
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/-/healthy" {
			t.Errorf("%s was asked for", r.URL)
		}
		w.WriteHeader(code)
	}))
	defer daemon.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(daemon.URL, "http://"), ":")
	environ := []string{"COLLECTOR_HTTP_LISTEN=0.0.0.0:" + port}
	if got := command(t, environ, "", "healthy"); got != (outcome{}) {
		t.Errorf("%+v", got)
	}
	code = http.StatusServiceUnavailable
	if got := command(t, environ, "", "healthy"); got.code != exitFailure || !strings.HasSuffix(got.stderr, "/-/healthy answers HTTP 503\n") {
		t.Errorf("%+v", got)
	}
	daemon.Close()
	if got := command(t, environ, "", "healthy"); got.code != exitFailure || !strings.HasPrefix(got.stderr, "collector: no collector answers: ") {
		t.Errorf("%+v", got)
	}
}
