package config

import (
	"reflect"

	"alpemix-collector/internal/secret"
)

// Renew returns c with the secrets of newer, which was loaded from the same sources later. secrets are the keys of those that
// differ, others the keys whose other values differ: those need a new process. Accounts are matched by their names.
func (c *Config) Renew(newer *Config) (renewed *Config, secrets, others []string) {
	r := &renewal{}
	copied := *c
	copied.Reseller.Vendors = c.Reseller.Vendors.copied()
	r.section(reflect.ValueOf(&copied).Elem(), reflect.ValueOf(newer).Elem(), "")
	return &copied, r.secrets, r.others
}

type renewal struct{ secrets, others []string }

func (r *renewal) section(v, newer reflect.Value, path string) {
	others := fields(newer)
	for i, f := range fields(v) {
		at := f.key
		if path != "" {
			at = path + "." + f.key
		}
		switch {
		case f.isSection():
			r.section(f.value, others[i].value, at)
		case f.isList():
			r.accounts(f.value, others[i].value, at)
		default:
			r.leaf(f.value, others[i].value, at)
		}
	}
}

func (r *renewal) leaf(v, newer reflect.Value, path string) {
	if reflect.DeepEqual(v.Interface(), newer.Interface()) {
		return
	}
	switch value := newer.Interface().(type) {
	case secret.Value:
		if value.IsFromFile() {
			path += "_file"
		}
		if before := v.Interface().(secret.Value); before.Reveal() == value.Reveal() {
			return // the same from another place
		}
	case DSN:
		if before := v.Interface().(DSN); before.String() != value.String() {
			r.others = append(r.others, path)
			return
		}
	default:
		r.others = append(r.others, path)
		return
	}
	r.secrets = append(r.secrets, path)
	v.Set(newer)
}

func (r *renewal) accounts(v, newer reflect.Value, path string) {
	name := func(account reflect.Value) string { return account.FieldByName("Name").String() }
	copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(copied, v)
	v.Set(copied)
	known := map[string]reflect.Value{}
	for i := range newer.Len() {
		known[name(newer.Index(i))] = newer.Index(i)
	}
	found := 0
	for i := range v.Len() {
		if account, ok := known[name(v.Index(i))]; ok {
			found++
			r.section(v.Index(i), account, path+"["+name(v.Index(i))+"]")
		}
	}
	if found < v.Len() || found < newer.Len() {
		r.others = append(r.others, path)
	}
}
