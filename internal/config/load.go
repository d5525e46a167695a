package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"alpemix-collector/internal/secret"
)

// EnvPrefix opens the name of every environment variable that stands for a key.
const EnvPrefix = "COLLECTOR_"

// EnvFile is the environment variable that names the configuration file.
const EnvFile = EnvPrefix + "CONFIG"

// Error is a configuration that cannot be used. It prints as one line that names the source, the key and what would be right.
type Error struct {
	Source  string // the file as it was named, or "environment"
	Key     string // the path of the key, or the environment variable
	Problem string
}

func (e *Error) Error() string {
	text := e.Source + ": " + e.Problem
	if e.Key != "" {
		text = e.Source + ": " + e.Key + ": " + e.Problem
	}
	return oneLine(text)
}

// oneLine shows control characters, which a quoted key may hold, as Go writes them.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Load reads file and then environ (of the form of os.Environ), which wins. An empty file name means that there is none:
// everything comes from the environment and the defaults. Every error is an *Error.
func Load(file string, environ []string) (*Config, error) {
	tree, err := readFile(file)
	if err != nil {
		return nil, err
	}
	l := &loader{file: file, env: map[string]string{}, origin: map[string]string{}, given: map[string]bool{}}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, EnvPrefix):
		case value != "":
			l.env[name] = value
		default: // unset: that is how compose files and shells pass on what is not there
			l.empty = append(l.empty, name)
		}
	}
	c := newConfig()
	root := reflect.ValueOf(c).Elem()
	steps := []func() error{
		func() error { return l.section(root, tree, place{}) },
		l.unknownEnvironment,
		func() error { l.inherit(c); return nil },
		func() error { return walk(root, place{}, l.files) },
		func() error { return walk(root, place{}, l.check) },
		func() error { return l.relations(c) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	c.Warnings = l.warnings
	return c, nil
}

// readFile gives the file's content as nested maps with lower-case keys.
func readFile(file string) (map[string]any, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file) // once: it may be a pipe
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{file, "", "no such file; copy collector.example.yaml there, or name another with -c or " + EnvFile}
	case err != nil:
		return nil, &Error{file, "", "cannot be read: " + cause(err)}
	}
	// A delimiter that no key contains: with viper's dot, "a.b: 1" would silently mean the key b of section a.
	v := viper.NewWithOptions(viper.KeyDelimiter("\x00"))
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		if strings.Contains(err.Error(), "into map[string]") {
			return nil, &Error{file, "", "has to start with keys such as timezone: or alpemix:"}
		}
		return nil, &Error{file, "", "is not valid YAML: " + secret.YAMLProblem(text, err)}
	}
	var all map[string]any
	if err := yaml.Unmarshal(text, &all); err != nil {
		return nil, &Error{file, "", "is not valid YAML: " + secret.YAMLProblem(text, err)}
	}
	return withEmpty(v.AllSettings(), all), nil
}

// withEmpty adds the keys without a value to tree, from which viper leaves them out: one that is misspelt is wrong all the same.
func withEmpty(tree, all map[string]any) map[string]any {
	for key, value := range all {
		key = strings.ToLower(key)
		section, isSection := value.(map[string]any)
		below, _ := tree[key].(map[string]any)
		switch {
		case isSection && below == nil:
			tree[key] = withEmpty(map[string]any{}, section)
		case isSection:
			withEmpty(below, section)
		case value == nil && tree[key] == nil:
			tree[key] = nil
		}
	}
	return tree
}

// place is where a value stands: the path of its key and the environment variable that means the same.
type place struct{ path, env string }

// key is the place of a key in the section at p; "" means the section itself.
func (p place) key(name string) place {
	env := strings.ToUpper(name)
	switch {
	case name == "":
		return p
	case p.path == "":
		return place{name, EnvPrefix + env}
	}
	return place{p.path + "." + name, p.env + "_" + env}
}

func (p place) index(i int) place {
	return place{fmt.Sprintf("%s[%d]", p.path, i), fmt.Sprintf("%s_%d", p.env, i)}
}

type loader struct {
	file     string
	env      map[string]string
	empty    []string          // names of variables without a value
	origin   map[string]string // path of a key to the environment variable that gave its value
	given    map[string]bool   // paths of the keys that the file or the environment gave
	warnings []string
}

// errorf makes the error about the key at p, in the words of the source that gave it.
func (l *loader) errorf(p place, format string, args ...any) error {
	problem := fmt.Sprintf(format, args...)
	if name, ok := l.origin[p.path]; ok {
		return &Error{"environment", name, problem}
	}
	return &Error{l.source(), p.path, problem}
}

func (l *loader) source() string {
	if l.file == "" {
		return "configuration"
	}
	return l.file
}

func (l *loader) warnf(p place, format string, args ...any) {
	l.warnings = append(l.warnings, p.path+": "+fmt.Sprintf(format, args...))
}

// positions are those of list elements in the name of a variable.
var positions = regexp.MustCompile(`_\d+_`)

// unknownEnvironment refuses variables with our prefix that mean nothing, so that a typing error does not pass for a setting.
func (l *loader) unknownEnvironment() error {
	known := map[string]bool{EnvFile: true}
	for _, name := range l.origin {
		known[name] = true
	}
	var names []string
	for _, leaf := range leaves() {
		names = append(names, leaf.Env)
	}
	for _, name := range l.empty {
		if slices.Contains(names, positions.ReplaceAllString(name, "_0_")) {
			known[name] = true
		}
	}
	for _, name := range slices.Sorted(slices.Values(slices.AppendSeq(l.empty, maps.Keys(l.env)))) {
		if known[name] || ofOrchestrator(name) {
			continue
		}
		return &Error{"environment", name, "is not a setting" + suggestion(name, names) + "; docs/configuration.md lists them"}
	}
	return nil
}

// ofOrchestrator reports the variables that Kubernetes makes for a service named "collector".
func ofOrchestrator(name string) bool {
	return strings.HasPrefix(name, EnvPrefix+"SERVICE_") || name == EnvPrefix+"PORT" || strings.HasPrefix(name, EnvPrefix+"PORT_")
}

func (l *loader) inherit(c *Config) {
	for i := range c.Alpemix.Accounts {
		if a := &c.Alpemix.Accounts[i]; a.Timezone == "" {
			a.Timezone = c.Timezone
		}
	}
	if name := c.ClickHouse.DSN.database(); name != "" && !l.given["clickhouse.database"] {
		c.ClickHouse.Database = name
	}
}

// resolve takes a path relative to the folder of the configuration file.
func (l *loader) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(l.file), path)
}

// cause is the system's word on err without the path, which the sentence around it has already.
func cause(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
