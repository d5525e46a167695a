package limacity

import (
	"bytes"
	"encoding/json"
	"strings"

	"alpemix-collector/vendorhttp"
)

// withoutSecrets is a document in which no member that is called a key, password, token or secret shows its value. The customer API
// tells the account's keys, among other things.
func withoutSecrets(doc []byte) (json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return vendorhttp.JSON(hidden(value))
}

func hidden(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = hidden(value[i])
		}
	case map[string]any:
		for name, inner := range value {
			value[name] = hidden(inner)
			switch inner.(type) {
			case string, json.Number:
				if isSecret(name) {
					value[name] = "[redacted]"
				}
			}
		}
	}
	return value
}

func isSecret(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "key") || strings.Contains(name, "passw") || strings.Contains(name, "token") || strings.Contains(name, "secret")
}
