package config

import (
	"io"
	"os"
	"reflect"
	"strings"

	"alpemix-collector/internal/secret"
)

// files makes the paths of the section v absolute to the configuration file's folder, and reads the secrets whose place is
// a file: the key x_file, beside its twin x.
func (l *loader) files(v reflect.Value, p place) error {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		name := keyOf(field)
		if name == "" {
			continue
		}
		at := p.key(name)
		_, isPath := field.Tag.Lookup("path")
		switch {
		case isSection(field.Type):
			if err := l.files(value, at); err != nil {
				return err
			}
		case value.Kind() == reflect.Slice && isSection(field.Type.Elem()):
			for i := range value.Len() {
				if err := l.files(value.Index(i), at.index(i)); err != nil {
					return err
				}
			}
		case isPath:
			value.SetString(l.resolve(value.String()))
			if twin, ok := secretTwin(v, name); ok && value.String() != "" {
				if err := l.readSecret(twin, value.String(), at, p.key(strings.TrimSuffix(name, "_file"))); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// secretTwin is the secret x of the key x_file in the same section.
func secretTwin(section reflect.Value, name string) (*secret.Value, bool) {
	plain, ok := strings.CutSuffix(name, "_file")
	for i := range section.NumField() {
		if ok && keyOf(section.Type().Field(i)) == plain {
			s, ok := section.Field(i).Addr().Interface().(*secret.Value)
			return s, ok
		}
	}
	return nil, false
}

func (l *loader) readSecret(into *secret.Value, path string, at, twin place) error {
	if !into.Empty() {
		return l.errorf(at, "is given together with %s; give one of them", twin.path)
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
