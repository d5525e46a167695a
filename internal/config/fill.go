package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"alpemix-collector/internal/secret"
)

// section fills the struct v from node, the YAML at p, the environment, and the defaults of the fields.
func (l *loader) section(v reflect.Value, node any, p place) error {
	keys, ok := node.(map[string]any)
	if !ok && node != nil {
		return l.errorf(p, "has to be a section with the keys %s", strings.Join(names(fields(v)), ", "))
	}
	all := fields(v)
	if err := l.unknownKeys(names(all), keys, p); err != nil {
		return err
	}
	for _, f := range all {
		if err := l.value(f, keys[f.key], p.key(f.key)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) value(f field, node any, p place) error {
	v := f.value
	switch {
	case f.isSection():
		return l.section(v, node, p)
	case f.isList():
		return l.list(v, node, p)
	}
	if value, ok := l.env[p.env]; ok {
		l.origin[p.path] = p.env
		node = value
		if v.Kind() == reflect.Slice {
			node = splitList(value)
		}
	}
	if node == nil {
		text := f.tag.Get("default")
		switch {
		case text == "":
			return nil
		case v.Kind() == reflect.Slice:
			return l.leaf(v, splitList(text), p, text)
		}
		return l.leaf(v, text, p, text)
	}
	l.given[p.path] = true
	return l.leaf(v, node, p, f.tag.Get("default"))
}

// list fills a list of sections. The environment can give keys of its elements and, counting on from the file's, whole elements.
func (l *loader) list(v reflect.Value, node any, p place) error {
	items, ok := node.([]any)
	if !ok && node != nil {
		return l.errorf(p, "has to be a list, each element opening with \"- \"")
	}
	n := len(items)
	for l.hasEnvironment(p.index(n).env + "_") {
		n++
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		var item any
		if i < len(items) {
			item = items[i]
		}
		if err := l.section(v.Index(i), item, p.index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) hasEnvironment(prefix string) bool {
	for name := range l.env {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// leaf sets v from a YAML scalar or list, or from the text of the environment or a default.
func (l *loader) leaf(v reflect.Value, node any, p place, example string) error {
	switch target := v.Addr().Interface().(type) {
	case *int:
		n, err := strconv.Atoi(scalar(node))
		if err != nil {
			return l.errorf(p, "%q is not a whole number; for example %s", scalar(node), example)
		}
		*target = n
		return nil
	case *Duration:
		d, err := ParseDuration(scalar(node))
		if err != nil {
			return l.errorf(p, "%s", err)
		}
		*target = d
		return nil
	case *[]string, *[]int:
		return l.items(v, node, p, example)
	}
	// YAML reads an unquoted 0123 as 83 and 1.20 as 1.2: what was meant is known only when it is quoted.
	text, ok := node.(string)
	if !ok {
		return l.errorf(p, "has to be text; write it in quotes")
	}
	switch target := v.Addr().Interface().(type) {
	case *string:
		*target = text
	case *DSN:
		*target = DSN(text)
	case *secret.Value:
		*target = secret.New(text)
	}
	return nil
}

// items sets a list of scalars.
func (l *loader) items(v reflect.Value, node any, p place, example string) error {
	items, ok := node.([]any)
	if !ok {
		return l.errorf(p, "has to be a list such as [%s]", cmp.Or(example, "a, b"))
	}
	first, _, _ := strings.Cut(example, ",")
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := l.leaf(v.Index(i), item, p.index(i), first); err != nil {
			return err
		}
	}
	return nil
}

func scalar(node any) string {
	switch n := node.(type) {
	case string:
		return n
	case int, float64, bool:
		return fmt.Sprint(n)
	}
	return "a section or list"
}

func splitList(value string) []any {
	var items []any
	for item := range strings.SplitSeq(value, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}

func (l *loader) unknownKeys(known []string, keys map[string]any, p place) error {
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if slices.Contains(known, key) {
			continue
		}
		hint := suggestion(key, known)
		if hint == "" {
			hint = elsewhere(key)
		}
		if hint == "" {
			hint = "; the keys here are " + strings.Join(known, ", ")
		}
		return l.errorf(p.key(key), "unknown key%s", hint)
	}
	return nil
}
