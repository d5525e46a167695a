package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"time"
)

var (
	//go:embed page.html
	pageText string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
		"count": count[uint64], "noun": noun[uint64], "size": count[int], "span": span, "amount": amount,
	}).Parse(pageText))
)

// page serves the whole page.
func (s *Server) page(w http.ResponseWriter, r *http.Request) { s.render(w, r, "page") }

// live serves the part of the page that changes. Its ETag saves traffic for a browser that has it
// already; the Date header says how old it is.
func (s *Server) live(w http.ResponseWriter, r *http.Request) { s.render(w, r, "live") }

func (s *Server) render(w http.ResponseWriter, r *http.Request, name string) {
	usage := s.usage.get(r.Context())
	var b bytes.Buffer
	if err := pageTemplate.ExecuteTemplate(&b, name, newView(s.config.Status(), usage, s.assets)); err != nil {
		s.config.Log.ErrorContext(r.Context(), "the page cannot be rendered", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	hash := sha256.Sum256(b.Bytes())
	w.Header().Set("ETag", `W/"`+hex.EncodeToString(hash[:12])+`"`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.Bytes()))
}
