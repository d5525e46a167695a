package web

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

var (
	//go:embed page.html
	pageText string
	//go:embed style.css
	styleSheet []byte

	pageTemplate = template.Must(template.New("page").Parse(pageText))
)

func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, s.config.Status()); err != nil {
		s.config.Log.ErrorContext(r.Context(), "the page cannot be rendered", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // a client that has left is no error of ours
}

func (s *Server) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(styleSheet) // a client that has left is no error of ours
}
