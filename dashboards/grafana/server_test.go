package grafana

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const secret = "glsa_0123456789abcdef"

// server is a Grafana in memory, below a path, with one token.
type server struct {
	*httptest.Server
	folders  []map[string]any
	boards   map[string]*board
	saves    int
	between  func() // runs after a dashboard was read and before the next is saved
	intrude  func(http.ResponseWriter, *http.Request) bool
	readOnly bool
}

type board struct {
	json    map[string]any
	version int
	folder  string // its uid
}

func newServer(t *testing.T) *server {
	s := &server{boards: map[string]*board{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /grafana/api/folders", func(w http.ResponseWriter, _ *http.Request) { s.answer(w, 200, s.folders) })
	mux.HandleFunc("POST /grafana/api/folders", s.makeFolder)
	mux.HandleFunc("GET /grafana/api/dashboards/uid/{uid}", s.get)
	mux.HandleFunc("POST /grafana/api/dashboards/db", s.save)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.intrude != nil && s.intrude(w, r):
		case !strings.HasPrefix(r.URL.Path, "/grafana/"):
			http.Error(w, "<html>404</html>", 404)
		case r.Header.Get("Authorization") != "Bearer "+secret:
			s.answer(w, 401, map[string]any{"message": "Invalid API key " + r.Header.Get("Authorization"), "messageId": "api-key.invalid", "statusCode": 401, "traceID": ""})
		case s.readOnly && r.Method != http.MethodGet:
			s.answer(w, 403, map[string]any{"accessErrorId": "ACE01", "message": "You'll need additional permissions to perform this action. Permissions needed: dashboards:write", "title": "Access denied"})
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *server) makeFolder(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Title, UID string }
	if json.NewDecoder(r.Body).Decode(&asked) != nil || asked.Title == "" {
		s.answer(w, 400, map[string]any{"message": "bad request data"})
		return
	}
	id := len(s.folders) + 7
	f := map[string]any{"id": id, "uid": fmt.Sprint("f", id), "title": asked.Title, "url": "/dashboards/f/", "hasAcl": false, "canSave": true, "version": 1}
	s.folders = append(s.folders, f)
	s.answer(w, 200, f)
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	b := s.boards[r.PathValue("uid")]
	if b == nil {
		s.answer(w, 404, map[string]any{"message": "Dashboard not found", "messageId": "dashboards.not-found", "statusCode": 404, "traceID": ""})
		return
	}
	folderURL := ""
	if b.folder != "" {
		folderURL = "/grafana/dashboards/f/" + b.folder + "/name"
	}
	s.answer(w, 200, map[string]any{
		"meta": map[string]any{
			"type": "db", "canSave": true, "slug": "x", "version": b.version, "folderId": 0, "folderUid": b.folder, "folderUrl": folderURL, "provisioned": false,
			"created": "2025-01-01T00:00:00Z", "updated": "2025-01-01T00:00:00Z", "expires": "0001-01-01T00:00:00Z",
		},
		"dashboard": b.json,
	})
	if s.between != nil {
		s.between()
	}
}

func (s *server) save(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Dashboard map[string]any
		FolderUID string // the number of a folder is not looked at, as in Grafana 13
		Overwrite bool
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Dashboard["title"] == nil {
		s.answer(w, 400, map[string]any{"message": "bad request data"})
		return
	}
	uid := asked.Dashboard["uid"].(string)
	b := s.boards[uid]
	if b == nil {
		b = &board{}
	} else if asked.Dashboard["version"] != float64(b.version) && !asked.Overwrite {
		s.answer(w, 412, map[string]any{"status": "version-mismatch", "message": "The dashboard has been changed by someone else"})
		return
	}
	s.put(uid, asked.Dashboard, asked.FolderUID)
	s.answer(w, 200, map[string]any{"id": 1, "uid": uid, "url": "/d/" + uid, "status": "success", "version": s.boards[uid].version, "slug": "x"})
}

// put stores a dashboard as any user would: the version increases, and Grafana rewrites some of the
// JSON.
func (s *server) put(uid string, text map[string]any, folder string) {
	s.saves++
	version := 1
	if b := s.boards[uid]; b != nil {
		version = b.version + 1
	}
	text["id"], text["version"], text["schemaVersion"] = 1, version, 42
	s.boards[uid] = &board{text, version, folder}
}
