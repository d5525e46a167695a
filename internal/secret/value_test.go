package secret

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretsAreNotPrinted(t *testing.T) {
	const hidden = "S3cr\"etKey"
	s := New(hidden)
	type holder struct {
		Exported Value
		inner    Value
		pointer  *Value
	}
	h := holder{s, s, &s}
	encoded, err := json.Marshal(map[string]any{"a": s, "b": h})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("x", "s", s, "h", h, "p", &h)
	}
	text := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text += fmt.Sprintf(verb+verb+verb, s, h, &h)
	}
	if strings.Contains(text, "S3cr") || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", "S3cr")) {
		t.Error(text)
	}
	if s.Reveal() != hidden || s.Empty() || !(Value{}).Empty() || fmt.Sprint(s, Value{}) != "<redacted> " {
		t.Errorf("%v %q", s, s.Reveal())
	}
}
