package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var (
	namedLine     = regexp.MustCompile(`\bline \d+`)
	unknownAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced$`)
	quotedValue   = regexp.MustCompile("(?s)`.*`")
)

// yamlProblem returns in one line what is wrong in a YAML text, for which refusal was the error. It names a line, which the
// library does not always, and shows no value, which the library does: it may be a secret.
func yamlProblem(text []byte, refusal error) string {
	line := 0
	var document yaml.Node
	problem := yaml.Unmarshal(text, &document)
	if problem == nil {
		problem, line = refusal, failing(&document).Line
	} else if anchor := unknownAnchor.FindStringSubmatch(problem.Error()); anchor != nil {
		return fmt.Sprintf("is not valid YAML: line %d: text that opens with * has to be in quotes", lineOf(text, bytes.Index(text, []byte("*"+anchor[1]))))
	} else if at := invalidUTF8(text); at >= 0 {
		return fmt.Sprintf("is not valid YAML: line %d: it is not UTF-8", lineOf(text, at))
	}
	said := problem.Error()
	for _, opening := range []string{"While parsing config: ", "yaml: ", "unmarshal errors:\n  "} {
		said = strings.TrimPrefix(said, opening)
	}
	said = quotedValue.ReplaceAllString(said, "a value")
	if !namedLine.MatchString(said) {
		said = fmt.Sprintf("line %d: %s", max(line, 1), said) // of the first line the library does not speak
	}
	return "is not valid YAML: " + strings.Join(strings.Fields(said), " ")
}

// failing is the smallest part of n that cannot be read.
func failing(n *yaml.Node) *yaml.Node {
	for _, child := range n.Content {
		var v any
		if child.Decode(&v) != nil {
			return failing(child)
		}
	}
	return n
}

func lineOf(text []byte, at int) int { return bytes.Count(text[:max(at, 0)], []byte("\n")) + 1 }

// invalidUTF8 is where text ceases to be UTF-8, -1 if it is.
func invalidUTF8(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
