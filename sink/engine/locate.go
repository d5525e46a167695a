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

// FindLibrary is the path of libchdb.so: the configured one, or the first that exists of where `make engine` and an
// installation put it: beside the executable and above it, under the working directory and above it, /usr/local/lib.
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
	var hidden error // a place that cannot be looked at; another one may have it
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
