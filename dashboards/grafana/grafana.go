// Package grafana pushes the dashboards to Grafana through its HTTP API.
package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grafana-tools/sdk"

	"alpemix-collector/dashboards"
)

// Config says where Grafana is and what Push may do.
type Config struct {
	URL       string // of its start page, which may be below a path
	Token     string // of a service account, or user:password
	Folder    string // title of the folder for new dashboards, created if it is missing; "" for none
	Overwrite bool   // also dashboards that were changed in Grafana
	DryRun    bool   // change nothing
	Transport http.RoundTripper
}

// timeout limits one request.
const timeout = 30 * time.Second

// Client sends requests to one Grafana.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
	sdk    *sdk.Client
}

// New checks cfg. It does not connect.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.URL)
	switch {
	case err != nil: // err would show the address, which may hold a password
		return nil, errors.New("the address of Grafana is not valid: it has to be like https://grafana.example.com")
	case base.User != nil:
		return nil, errors.New("the address of Grafana contains a user: credentials come from a file or the environment")
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the address of Grafana has to be like https://grafana.example.com, with nothing after it but the path of its start page")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	client := &http.Client{
		Transport: &guard{next: cfg.Transport, token: cfg.Token}, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	grafana, err := sdk.NewClient(base.String(), "", client) // the guard adds the token; the sdk would put a password into the URL
	if err != nil {
		return nil, err
	}
	return &Client{cfg, base, client, grafana}, nil
}

// Outcome is what happened to a dashboard.
type Outcome string

// Outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged"
	// Kept: Grafana has a version that we did not push, and Config.Overwrite is not set.
	Kept Outcome = "kept"
)

// Result is what happened to one dashboard, or would happen without DryRun.
type Result struct {
	Title   string
	Address string
	Outcome Outcome
}

// Push pushes boards to Grafana and calls report for each. It stops at the first that fails. A
// dashboard that is as we last pushed it is replaced if it differs. One that was changed in Grafana
// since, or that we did not push, stays unless Config.Overwrite is set. Existing dashboards stay in
// their folder.
func (c *Client) Push(ctx context.Context, boards []dashboards.Dashboard, report func(Result)) error {
	folder, err := c.folder(ctx)
	if err != nil {
		return fmt.Errorf("folder %s: %w", c.config.Folder, err)
	}
	for _, b := range boards {
		outcome, err := c.push(ctx, b, folder)
		if err != nil {
			return fmt.Errorf("dashboard %s: %w", b.Title, err)
		}
		report(Result{b.Title, c.base.String() + "/d/" + b.UID, outcome})
	}
	return nil
}

// folder returns the uid of the folder, which it creates if it is missing.
func (c *Client) folder(ctx context.Context) (uid string, err error) {
	if c.config.Folder == "" {
		return "", nil
	}
	folders, err := c.sdk.GetAllFolders(ctx, sdk.Limit(10_000))
	if err != nil {
		return "", cause(err)
	}
	for _, f := range folders {
		if f.Title == c.config.Folder {
			return f.UID, nil
		}
	}
	if c.config.DryRun {
		return "", nil
	}
	created, err := c.sdk.CreateFolder(ctx, sdk.Folder{Title: c.config.Folder})
	return created.UID, cause(err)
}

func (c *Client) push(ctx context.Context, b dashboards.Dashboard, folder string) (Outcome, error) {
	outcome, version := Created, 0
	there, properties, err := c.sdk.GetRawDashboardByUID(ctx, b.UID)
	switch {
	case isNotFound(err):
	case err != nil:
		return "", cause(err)
	default:
		outcome, version, folder = Updated, properties.Version, folderOf(properties)
		switch last := markOf(there); {
		case last == (mark{digest(b.JSON), version}):
			return Unchanged, nil
		case last.version != version && !c.config.Overwrite:
			return Kept, nil
		}
	}
	if c.config.DryRun {
		return outcome, nil
	}
	text, err := withMark(b.JSON, version)
	if err != nil {
		return "", err
	}
	return outcome, cause(c.save(ctx, text, folder))
}

// folderOf returns the uid of a dashboard's folder. The sdk has it only as a part of its URL,
// /dashboards/f/uid/name.
func folderOf(p sdk.BoardProperties) string {
	_, rest, _ := strings.Cut(p.FolderURL, "/dashboards/f/")
	uid, _, _ := strings.Cut(rest, "/")
	return uid
}

// save saves a dashboard in the folder with that uid. The sdk would use the folder's number, which
// Grafana 12 looks up in its search index, where a new folder is missing at first, and Grafana 13
// not at all.
//
// Without Overwrite, Grafana refuses to save if the version is no longer the one that was read.
func (c *Client) save(ctx context.Context, board json.RawMessage, folder string) error {
	body, err := json.Marshal(map[string]any{"dashboard": board, "folderUid": folder, "overwrite": c.config.Overwrite})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.JoinPath("api/dashboards/db").String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close() // the guard has checked it
}

// cause returns the guard's error without what the sdk and net/http add to it.
func cause(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return err
}
