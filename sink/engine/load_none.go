//go:build noengine

package engine

// Included reports whether this binary can load the engine. A static one cannot, because that needs
// the system's dynamic loader.
const Included = false

func load(string) (*library, error) { return nil, errNotIncluded }
