package grafana

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"alpemix-collector/vendorhttp"
)

// Error is an answer of Grafana other than success.
type Error struct {
	Status  int
	message string
}

func (e *Error) Error() string {
	hint := ""
	switch e.Status {
	case http.StatusUnauthorized:
		hint = "; is the token one of this Grafana, and not expired or revoked?"
	case http.StatusForbidden:
		hint = "; give the service account of the token the role Editor"
	case http.StatusPreconditionFailed:
		hint = "; somebody has saved it at the same time: try again"
	}
	return fmt.Sprintf("Grafana answers %d %s: %s%s", e.Status, http.StatusText(e.Status), e.message, hint)
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// largestAnswer is far above any dashboard.
const largestAnswer = 32 << 20

// guard signs requests, and lets only such answers reach the sdk as it can read: it would crash on an error without a message, and
// tell nothing of a page that is not Grafana's.
type guard struct {
	next  http.RoundTripper
	token string
}

func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("User-Agent", "alpemix-collector")
	if strings.Contains(g.token, ":") {
		request.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(g.token)))
	} else {
		request.Header.Set("Authorization", "Bearer "+g.token)
	}
	response, err := g.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	if closing := response.Body.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, fmt.Errorf("the answer of Grafana broke off: %w", err)
	}
	if err := g.judge(response, body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// judge is nil for JSON with status 200.
func (g *guard) judge(response *http.Response, body []byte) error {
	var told struct{ Message string }
	isJSON := len(body) <= largestAnswer && json.Valid(body)
	switch location := response.Header.Get("Location"); {
	case location != "":
		return fmt.Errorf("this leads on to %s: is that the address of Grafana, or does a proxy ask for a login?", vendorhttp.Redact(location, g.secrets()))
	case !isJSON:
		return fmt.Errorf("what answers is not Grafana's interface (HTTP %d): does the address lack a path, or is a proxy in between?", response.StatusCode)
	case response.StatusCode == http.StatusOK:
		return nil
	}
	_ = json.Unmarshal(body, &told) // not an object: then there is no message
	const longest = 300
	message := strings.ToValidUTF8(told.Message[:min(len(told.Message), longest)], "")
	if message == "" {
		message = "without a word of why"
	}
	return &Error{response.StatusCode, vendorhttp.Redact(message, g.secrets())}
}

// secrets are the token, and the password where it is one with a user.
func (g *guard) secrets() []string {
	secrets := []string{g.token}
	if _, password, found := strings.Cut(g.token, ":"); found {
		secrets = append(secrets, password)
	}
	return secrets
}
