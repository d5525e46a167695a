package config

import (
	"io"
	"os"
	"strings"

	"alpemix-collector/internal/secret"
)

// files makes the path at a key absolute to the configuration file's folder, and reads the secret whose place is a file: the key
// x_file, beside its twin x.
func (l *loader) files(f field, beside []field, at place) error {
	if _, isPath := f.tag.Lookup("path"); !isPath {
		return nil
	}
	f.value.SetString(l.resolve(f.value.String()))
	for _, twin := range beside {
		into, isSecret := twin.value.Addr().Interface().(*secret.Value)
		if isSecret && twin.key+"_file" == f.key && f.value.String() != "" {
			return l.readSecret(into, f.value.String(), at)
		}
	}
	return nil
}

func (l *loader) readSecret(into *secret.Value, path string, at place) error {
	if !into.Empty() {
		return l.errorf(at, "is given together with %s; give one of them", strings.TrimSuffix(at.path, "_file"))
	}
	file, err := secret.ReadFile(path)
	if err != nil {
		return l.errorf(at, "%s", err)
	}
	if file.Exposed {
		l.warnf(at, "%s can be read by every user of this machine; chmod 600 it", path)
	}
	*into = secret.FromFile(file.Text)
	return nil
}

// readUpTo reads at most most bytes of a file.
func readUpTo(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	return io.ReadAll(io.LimitReader(f, most))
}
