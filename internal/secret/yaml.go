package secret

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

	// What an error of the library quotes: values, anchors, and keys that are no text.
	quotedValue  = regexp.MustCompile("(?s)`.*`")
	quotedAnchor = regexp.MustCompile(`(?s)anchor '.*'`)
	quotedKey    = regexp.MustCompile(`(?s)(invalid map key): .*`)
	tag          = regexp.MustCompile(`(\s)!\S*`)
	knownTag     = regexp.MustCompile(`^\s!!(str|int|float|bool|null|map|seq|binary|timestamp|merge)$`)
)

// YAMLProblem returns in one line what is wrong in a YAML text, for which refusal was the error. It names a line, which the
// library does not always, and shows no value, which the library does: it may be a secret.
func YAMLProblem(text []byte, refusal error) string {
	line := 0
	var document yaml.Node
	problem := yaml.Unmarshal(text, &document)
	if problem == nil {
		problem = refusal
		if part := failing(&document); part != nil {
			line = part.Line
		}
	} else if anchor := unknownAnchor.FindStringSubmatch(problem.Error()); anchor != nil {
		return fmt.Sprintf("line %d: text that opens with * has to be in quotes", lineOf(text, bytes.Index(text, []byte("*"+anchor[1]))))
	} else if at := invalidUTF8(text); at >= 0 {
		return fmt.Sprintf("line %d: it is not UTF-8", lineOf(text, at))
	} else {
		line = 1 // the only one of which the library does not speak
	}
	said := problem.Error()
	for _, opening := range []string{"While parsing config: ", "yaml: ", "unmarshal errors:\n  "} {
		said = strings.TrimPrefix(said, opening)
	}
	said = quotedValue.ReplaceAllString(said, "a value")
	said = quotedAnchor.ReplaceAllString(said, "an anchor's")
	said = quotedKey.ReplaceAllString(said, "$1")
	said = tag.ReplaceAllStringFunc(said, func(tag string) string {
		if knownTag.MatchString(tag) {
			return tag
		}
		return " a tag"
	})
	if line > 0 && !namedLine.MatchString(said) {
		said = fmt.Sprintf("line %d: %s", line, said)
	}
	return strings.Join(strings.Fields(said), " ")
}

// failing is the smallest part of n that cannot be read, nil if there is none.
func failing(n *yaml.Node) *yaml.Node {
	var v any
	if n.Decode(&v) == nil {
		return nil
	}
	for _, child := range n.Content {
		if part := failing(child); part != nil {
			return part
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
