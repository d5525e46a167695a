package config

import (
	"reflect"
	"strings"

	"alpemix-collector/internal/secret"
)

// field is a key of a section with its value.
type field struct {
	key   string
	value reflect.Value
	tag   reflect.StructTag
}

// fields are the keys of the section v, in their order.
func fields(v reflect.Value) (all []field) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if vendors, ok := v.Field(i).Interface().(Vendors); ok {
			for _, vendor := range vendors {
				all = append(all, field{key: vendor.Name, value: reflect.ValueOf(vendor.Section).Elem()})
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			all = append(all, field{name, v.Field(i), f.Tag})
		}
	}
	return all
}

// isSection reports that the field holds keys.
func (f field) isSection() bool { return isSection(f.value.Type()) }

// isList reports that the field is a list of sections.
func (f field) isList() bool {
	return f.value.Kind() == reflect.Slice && isSection(f.value.Type().Elem())
}

// isSection reports whether a struct holds keys; other structs are one value.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[secret.Value]()
}

// names are the keys of fields.
func names(all []field) (keys []string) {
	for _, f := range all {
		keys = append(keys, f.key)
	}
	return keys
}

// walk calls f for each key below the section v that is no section, with the fields beside it.
func walk(v reflect.Value, p place, f func(leaf field, beside []field, at place) error) (err error) {
	all := fields(v)
	for i := 0; i < len(all) && err == nil; i++ {
		at := p.key(all[i].key)
		switch {
		case all[i].isSection():
			err = walk(all[i].value, at, f)
		case all[i].isList():
			for n := 0; n < all[i].value.Len() && err == nil; n++ {
				err = walk(all[i].value.Index(n), at.index(n), f)
			}
		default:
			err = f(all[i], all, at)
		}
	}
	return err
}
