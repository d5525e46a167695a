// Package grafana puts the dashboards into a Grafana through its HTTP API.
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

// Config says where Grafana is and what may be done there.
type Config struct {
	URL       string // of its start page, which may lie below a path
	Token     string // of a service account, or user:password
	Folder    string // title of the folder for dashboards that are not there yet; made if it is missing; "" is none
	Overwrite bool   // also what was changed in Grafana
	DryRun    bool   // change nothing
	Transport http.RoundTripper
}

// timeout bounds one request.
const timeout = 30 * time.Second

// Client speaks to one Grafana.
type Client struct {
	config Config
	base   *url.URL
	http   *http.Client
	sdk    *sdk.Client
}

// New reads cfg and connects to nothing.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.URL)
	switch {
	case err != nil: // its text would show the address, which may hold a password
		return nil, errors.New("the address of Grafana cannot be read: it has to be like https://grafana.example.com")
	case base.User != nil:
		return nil, errors.New("the address of Grafana holds a user: credentials come from a file or the environment")
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the address of Grafana has to be like https://grafana.example.com, with nothing behind it but the path of its start page")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	client := &http.Client{
		Transport: &guard{next: cfg.Transport, token: cfg.Token}, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	grafana, err := sdk.NewClient(base.String(), "", client) // the guard has the token: the sdk would put a password into the address
	if err != nil {
		return nil, err
	}
	return &Client{cfg, base, client, grafana}, nil
}

// Outcome is what became of a dashboard.
type Outcome string

// Outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged"
	// Kept: Grafana has a version that was not put there by us, and Config.Overwrite is not set.
	Kept Outcome = "kept"
)

// Result is what became of one dashboard, or would have in a dry run.
type Result struct {
	Title   string
	Address string
	Outcome Outcome
}

// Push puts each of boards into Grafana and tells of each; it ends at the first that fails. One that is there as it was put there
// last is replaced when it differs. One that was changed in Grafana since, or came there in another way, is not touched unless
// Config.Overwrite is set. A dashboard that is there stays in its folder.
func (c *Client) Push(ctx context.Context, boards []dashboards.Dashboard, tell func(Result)) error {
	folder, err := c.folder(ctx)
	if err != nil {
		return fmt.Errorf("folder %s: %w", c.config.Folder, err)
	}
	for _, b := range boards {
		outcome, err := c.push(ctx, b, folder)
		if err != nil {
			return fmt.Errorf("dashboard %s: %w", b.Title, err)
		}
		tell(Result{b.Title, c.base.String() + "/d/" + b.UID, outcome})
	}
	return nil
}

// folder is the uid of the folder, which is made if there is none.
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
	made, err := c.sdk.CreateFolder(ctx, sdk.Folder{Title: c.config.Folder})
	return made.UID, cause(err)
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
	text, err := marked(b.JSON, version)
	if err != nil {
		return "", err
	}
	return outcome, cause(c.save(ctx, text, folder))
}

// folderOf is the uid of the folder in which a dashboard is: the sdk knows it as a part of its address only, /dashboards/f/uid/name.
func folderOf(p sdk.BoardProperties) string {
	_, rest, _ := strings.Cut(p.FolderURL, "/dashboards/f/")
	uid, _, _ := strings.Cut(rest, "/")
	return uid
}

// save puts a dashboard into the folder with that uid. The sdk would name the folder by its number: Grafana 12 looks that up in its
// search index, which does not have a new folder at once, and Grafana 13 not at all.
//
// Without Overwrite Grafana refuses it when the version is no longer the one that was read.
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
	return response.Body.Close() // the guard has judged it
}

// cause is err as the guard has made it, without what the sdk and net/http put around it.
func cause(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return err
}
