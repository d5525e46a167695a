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
		hint = "; is the token from this Grafana, and neither expired nor revoked?"
	case http.StatusForbidden:
		hint = "; give the token's service account the role Editor"
	case http.StatusPreconditionFailed:
		hint = "; somebody saved it at the same time: try again"
	}
	return fmt.Sprintf("Grafana answers %d %s: %s%s", e.Status, http.StatusText(e.Status), e.message, hint)
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// largestAnswer is far larger than any dashboard.
const largestAnswer = 32 << 20

// guard adds the token to requests, and lets only answers through that the sdk can read: it would
// crash on an error without a message, and hide what a page that is not Grafana's says.
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
		return nil, fmt.Errorf("the answer of Grafana stopped early: %w", err)
	}
	if err := g.judge(response, body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// judge returns nil for JSON with status 200.
func (g *guard) judge(response *http.Response, body []byte) error {
	var answer struct{ Message string }
	isJSON := len(body) <= largestAnswer && json.Valid(body)
	switch location := response.Header.Get("Location"); {
	case location != "":
		return fmt.Errorf("it redirects to %s: is that the address of Grafana, or does a proxy ask for a login?",
			vendorhttp.Redact(location, g.secrets()))
	case !isJSON:
		return fmt.Errorf("the answer (HTTP %d) is not from Grafana's API: does the address lack a path, or is a proxy in between?",
			response.StatusCode)
	case response.StatusCode == http.StatusOK:
		return nil
	}
	_ = json.Unmarshal(body, &answer) // if it is not an object, there is no message
	const longest = 300
	message := strings.ToValidUTF8(answer.Message[:min(len(answer.Message), longest)], "")
	if message == "" {
		message = "without a message"
	}
	return &Error{response.StatusCode, vendorhttp.Redact(message, g.secrets())}
}

// secrets returns the token and, if it is user:password, the password.
func (g *guard) secrets() []string {
	secrets := []string{g.token}
	if _, password, found := strings.Cut(g.token, ":"); found {
		secrets = append(secrets, password)
	}
	return secrets
}
