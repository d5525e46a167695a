package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

// embedded has the page's own files, and those of uPlot if they were fetched before the build.
//
//go:embed assets
var embedded embed.FS

// assets holds the files that the page loads. Their URLs contain a hash of all of them, so browsers
// may cache them forever.
type assets struct {
	files map[string][]byte
	hash  string
}

func newAssets(folder fs.FS) (*assets, error) {
	a := &assets{files: map[string][]byte{}}
	hash := sha256.New()
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		body, err := fs.ReadFile(folder, e.Name())
		if err != nil {
			return nil, err
		}
		a.files[e.Name()] = body
		hash.Write([]byte(e.Name()))
		hash.Write(body)
	}
	a.hash = hex.EncodeToString(hash.Sum(nil)[:8])
	return a, nil
}

// builtIn returns the assets of this binary.
func builtIn() *assets {
	folder, err := fs.Sub(embedded, "assets")
	if err == nil {
		var a *assets
		if a, err = newAssets(folder); err == nil {
			return a
		}
	}
	panic(err) // files in the binary can always be read
}

// charts reports whether the chart library was built in.
func (a *assets) charts() bool {
	return a.files["uplot.js"] != nil && a.files["uplot.css"] != nil
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	body, kind := a.files[name], assetTypes[path.Ext(name)]
	if body == nil || kind == "" || r.PathValue("hash") != a.hash {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}
