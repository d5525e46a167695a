package config

import (
	"io"
	"os"
	"reflect"
	"strings"
)

// largestSecret is far above any key; a greater file was named by mistake.
const largestSecret = 64 << 10

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
func secretTwin(section reflect.Value, name string) (*Secret, bool) {
	plain, ok := strings.CutSuffix(name, "_file")
	for i := range section.NumField() {
		if ok && keyOf(section.Type().Field(i)) == plain {
			s, ok := section.Field(i).Addr().Interface().(*Secret)
			return s, ok
		}
	}
	return nil, false
}

func (l *loader) readSecret(into *Secret, path string, at, twin place) error {
	if into.value != "" {
		return l.errorf(at, "is given together with %s; give one of them", twin.path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return l.errorf(at, "cannot read %s: %s", path, cause(err))
	}
	if device := info.Mode()&os.ModeDevice != 0; device || info.Size() > largestSecret {
		return l.errorf(at, "%s is not a file that holds a secret", path)
	}
	text, err := readUpTo(path, largestSecret+1)
	switch {
	case err != nil:
		return l.errorf(at, "cannot read %s: %s", path, cause(err))
	case len(text) > largestSecret: // of a pipe no size is known before
		return l.errorf(at, "%s is not a file that holds a secret", path)
	}
	value := strings.TrimRight(string(text), "\r\n")
	if value == "" {
		return l.errorf(at, "%s is empty; it has to hold the secret alone", path)
	}
	if strings.ContainsAny(value, "\r\n") {
		return l.errorf(at, "%s has several lines; it has to hold the secret alone", path)
	}
	if info.Mode().Perm()&0o004 != 0 {
		l.warnf(at, "%s can be read by every user of this machine; chmod 600 it", path)
	}
	*into = Secret{value: value, fromFile: true}
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
