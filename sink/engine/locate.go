package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

var errNotIncluded = errors.New("this collector is built without the embedded ClickHouse engine (go build -tags noengine): set clickhouse.dsn to a ClickHouse server, or use a build with the engine")

// FindLibrary returns the path of libchdb.so: the configured one, or else the first that exists
// where `make engine` or an installation puts it. These are the executable's folder and its parent,
// the working directory and its parents, and /usr/local/lib.
func FindLibrary(configured string) (string, error) {
	if !Included {
		return "", errNotIncluded
	}
	if configured != "" {
		if _, err := os.Stat(configured); err != nil {
			return "", fmt.Errorf("clickhouse.embedded.library: %w; leave the key empty after `make engine`, or name libchdb.so of version %s", err, Version)
		}
		return filepath.Abs(configured)
	}
	var folders []string
	if exe, err := os.Executable(); err == nil {
		folders = append(folders, filepath.Dir(exe), filepath.Dir(filepath.Dir(exe)))
	}
	if wd, err := os.Getwd(); err == nil {
		for ; ; wd = filepath.Dir(wd) {
			if folders = append(folders, wd); wd == filepath.Dir(wd) {
				break
			}
		}
	}
	var tried []string
	for _, f := range folders {
		tried = append(tried, filepath.Join(f, ".engine", Version, "libchdb.so"))
	}
	tried = append(tried, filepath.Join("/usr/local/lib/alpemix-collector", Version, "libchdb.so"), "/usr/local/lib/libchdb.so")
	var hidden error // a path that cannot be checked; the library may be at another one
	for _, path := range tried {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) && hidden == nil {
			hidden = err
		}
	}
	if hidden != nil {
		return "", fmt.Errorf("cannot look for the embedded ClickHouse engine: %w", hidden)
	}
	return "", fmt.Errorf("the embedded ClickHouse engine is not installed: run `make engine`, or set clickhouse.embedded.library to libchdb.so of version %s (looked at %s)",
		Version, strings.Join(tried, ", "))
}
