package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestUnknownHostsAreRefused(t *testing.T) {
	for _, c := range []struct {
		listen, host string
		hosts        []string
		shown        bool
	}{
		{listen: "127.0.0.1:9187", host: "127.0.0.1:9187", shown: true},
		{listen: "127.0.0.1:9187", host: "localhost:9187", shown: true},
		{listen: "127.0.0.1:9187", host: "LOCALHOST.", shown: true},
		{listen: "127.0.0.1:9187", host: "alpemix.localhost:9187", shown: true},
		{listen: "[::1]:9187", host: "[::1]:9187", shown: true},
		{listen: "127.0.0.1:9187", host: "[::1]", shown: true},
		{listen: "127.0.0.1:9187", host: "", shown: true}, // HTTP/1.0
		{listen: "127.0.0.1:9187", host: "evil.example:9187"},
		{listen: "localhost:9187", host: "evil.example"},
		{listen: "[::1]:9187", host: "localhost.evil.example"},
		{listen: "127.0.0.1:9187", host: "Alpemix.Example.com", hosts: []string{"alpemix.example.com"}, shown: true},
		{listen: "127.0.0.1:9187", host: "other.example.com", hosts: []string{"alpemix.example.com"}},
		// On other addresses, any name of this machine is accepted.
		{listen: "0.0.0.0:9187", host: "collector:9187", shown: true},
		{listen: ":9187", host: "collector:9187", shown: true},
		{listen: "192.0.2.7:9187", host: "collector.example.com", shown: true},
		// ... but only the configured names if there are any: in a container, the address is always
		// 0.0.0.0.
		{listen: "0.0.0.0:9187", host: "evil.example:9187", hosts: []string{"collector"}},
		{listen: ":9187", host: "evil.example:9187", hosts: []string{"collector"}},
		{listen: "192.0.2.7:9187", host: "collector.evil.example", hosts: []string{"collector"}},
		{listen: "0.0.0.0:9187", host: "collector:9187", hosts: []string{"collector"}, shown: true},
		{listen: "0.0.0.0:9187", host: "localhost:9187", hosts: []string{"collector"}, shown: true},
		{listen: "0.0.0.0:9187", host: "192.0.2.7:9187", hosts: []string{"collector"}, shown: true},
	} {
		config := &Config{Listen: c.listen, Hosts: c.hosts}
		handler := config.onlyByName(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "shown") }))
		r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
		r.Host = c.host
		handler.ServeHTTP(w, r)
		if shown := w.Code == http.StatusOK; shown != c.shown || !shown && (w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "http.hosts")) {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body)
		}
	}
}
