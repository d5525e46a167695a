package enginetest

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

// TestFront: the proxy forwards the URL's query as it is, and recognises the daemon by it.
func TestFront(t *testing.T) {
	server := Shared(t)
	for _, login := range []string{"", "user=" + server.User + "&password=" + url.QueryEscape(server.Password) + "&"} {
		answer, err := http.Get("http://" + server.Addr + "/?" + login + "query=SELECT+'a;b'+FROM+system.one;")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || string(text) != "a;b\n" {
			t.Errorf("%q: %s %q %v", login, answer.Status, text, err)
		}
	}
}

func TestCredentials(t *testing.T) {
	for query, want := range map[string][3]string{
		"":                           {},
		"query=SELECT+1;&database=d": {"", "", "query=SELECT+1;&database=d"},
		"user=u&query=SELECT+';'&password=a%3Bb;c": {"u", "a;b;c", "query=SELECT+';'"},
		"username=x&user=&password":                {"", "", "username=x"},
	} {
		var got [3]string
		if got[0], got[1], got[2] = credentials(query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}
