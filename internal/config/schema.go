package config

import (
	"reflect"
	"strings"
)

// leaf is one key of the schema.
type leaf struct {
	Path    string // alpemix.accounts[0].name
	Env     string // COLLECTOR_ALPEMIX_ACCOUNTS_0_NAME
	Default string
	Doc     string
}

// leaves are all keys in their order; lists show their first element.
func leaves() (all []leaf) {
	sample := reflect.ValueOf(newConfig()).Elem()
	growLists(sample)
	_ = walk(sample, place{}, func(f field, _ []field, at place) error { // no leaf is an error
		all = append(all, leaf{at.path, at.env, f.tag.Get("default"), f.tag.Get("doc")})
		return nil
	})
	return all
}

// growLists gives each list of sections one element.
func growLists(section reflect.Value) {
	for _, f := range fields(section) {
		switch {
		case f.isSection():
			growLists(f.value)
		case f.isList():
			f.value.Set(reflect.MakeSlice(f.value.Type(), 1, 1))
			growLists(f.value.Index(0))
		}
	}
}

// suggestion names the known word nearest to an unknown one, if one is near enough to be meant.
func suggestion(word string, known []string) string {
	best, least := "", len(word)/3+1
	for _, k := range known {
		if max(len(word)-len(k), len(k)-len(word)) > least {
			continue // no need to compare what may be a whole text with each key
		}
		if d := distance(word, k); d <= least && d > 0 {
			best, least = k, d-1
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// elsewhere names the paths at which the key exists.
func elsewhere(key string) string {
	var paths []string
	for _, leaf := range leaves() {
		if strings.HasSuffix(leaf.Path, "."+key) {
			paths = append(paths, leaf.Path)
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return " here; did you mean " + strings.Join(paths, " or ") + "?"
}

// distance is the number of letters to insert, delete or replace to get from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
