package compose_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

const root = ".."

// load reads docker-compose.yml as docker compose does, by its schema, with an empty environment
// and without .env.
func load(t *testing.T, profile string) *types.Project {
	t.Helper()
	dir, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "docker-compose.yml")}, cli.WithWorkingDirectory(dir), cli.WithProfiles([]string{profile}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// each calls check for every service of each profile.
func each(t *testing.T, check func(*testing.T, *types.Project, types.ServiceConfig)) {
	for _, profile := range []string{"demo", "collect"} {
		p := load(t, profile)
		for name, s := range p.Services {
			t.Run(profile+"/"+name, func(t *testing.T) { check(t, p, s) })
		}
	}
}

// oneShot reports whether a service does something and exits.
func oneShot(s types.ServiceConfig) bool { return s.Restart == types.RestartPolicyNo }

func TestProfiles(t *testing.T) {
	both := []string{"alertmanager", "clickhouse", "grafana", "passwords", "prometheus"}
	for profile, own := range map[string]string{"demo": "demo", "collect": "collector"} {
		want := slices.Sorted(slices.Values(append([]string{own}, both...)))
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(load(t, profile).Services))); diff != "" {
			t.Errorf("%s:\n%s", profile, diff)
		}
	}
}

// TestImagesArePinnedInOnePlace checks the images and Grafana's plugin.
func TestImagesArePinnedInOnePlace(t *testing.T) {
	exact := regexp.MustCompile(`[:@]v?\d+\.\d+\.\d+(\.\d+)?$`)
	pinned := map[string]bool{}
	for _, image := range load(t, "demo").Extensions["x-images"].(map[string]any) {
		if pinned[image.(string)] = false; !exact.MatchString(image.(string)) {
			t.Errorf("%s is not an exact version", image)
		}
	}
	each(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		used := []string{s.Image}
		if plugin := s.Environment["GF_PLUGINS_PREINSTALL_SYNC"]; plugin != nil {
			used = append(used, *plugin)
		}
		if s.Build != nil {
			if used = used[1:]; s.PullPolicy != types.PullPolicyBuild {
				t.Errorf("%s may be an image of someone else", s.Image)
			}
		}
		for _, u := range used {
			if _, known := pinned[u]; !known {
				t.Errorf("x-images lacks %s", u)
			}
			pinned[u] = true
		}
	})
	for image, used := range pinned {
		if !used {
			t.Errorf("nothing uses %s of x-images", image)
		}
	}
}

// userFolders are the folders that docker-compose.yml asks the user to create. They are not in the
// repository and must not get into it or into an image.
var userFolders = []string{"config", "secrets"}

func TestMountsExist(t *testing.T) {
	each(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			path, err := filepath.Rel(p.WorkingDir, v.Source)
			if err != nil || !v.ReadOnly {
				t.Errorf("%s is writable; %v", v.Source, err)
			}
			if slices.Contains(userFolders, path) && s.Name == "collector" {
				if v.Bind == nil || bool(v.Bind.CreateHostPath) {
					t.Errorf("if %s is missing, root creates it", path)
				}
			} else if _, err := os.Stat(v.Source); err != nil || !filepath.IsLocal(path) {
				t.Errorf("%s: %v", path, err)
			}
		}
		for _, secret := range s.Secrets {
			if path := p.Secrets[secret.Source].File; filepath.Dir(path) != filepath.Join(p.WorkingDir, "secrets") || s.Name != "collector" {
				t.Errorf("%s has the secret %s", s.Name, path)
			}
		}
	})
	for file, line := range map[string]string{".gitignore": "/%/", ".dockerignore": "%"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, folder := range userFolders {
			if line := strings.ReplaceAll(line, "%", folder); !slices.Contains(strings.Split(string(text), "\n"), line) {
				t.Errorf("%s lacks %s", file, line)
			}
		}
	}
}

func TestPortsAreOnLoopback(t *testing.T) {
	each(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s listens on %q", port.Published, port.HostIP)
			}
		}
		if s.NetworkMode != "" && s.NetworkMode != "none" {
			t.Errorf("the network is %s", s.NetworkMode)
		}
	})
}

// TestServicesHaveFewRights: services run with minimal rights. ClickHouse needs some, because its
// image starts as root and changes to another user.
func TestServicesHaveFewRights(t *testing.T) {
	writes := []string{"clickhouse", "grafana"} // not only to their volumes
	each(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged {
			t.Errorf("security_opt %q, privileged %t", s.SecurityOpt, s.Privileged)
		}
		if s.Name != "clickhouse" && !slices.Contains(s.CapDrop, "ALL") {
			t.Errorf("cap_drop %q", s.CapDrop)
		}
		if s.ReadOnly == slices.Contains(writes, s.Name) {
			t.Errorf("read_only %t", s.ReadOnly)
		}
	})
}

// TestStartFollowsHealth: services wait for healthy services, and those that read a password wait
// until it is created.
func TestStartFollowsHealth(t *testing.T) {
	image := parseDockerfile(t)
	each(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
		healthy := s.HealthCheck != nil && len(s.HealthCheck.Test) > 1 || s.Build != nil && image.last().has("HEALTHCHECK")
		if healthy == oneShot(s) {
			t.Errorf("restart %s, health check %t", s.Restart, healthy)
		}
		for name, d := range s.DependsOn {
			want := types.ServiceConditionHealthy
			if oneShot(p.Services[name]) {
				want = types.ServiceConditionCompletedSuccessfully
			}
			if d.Condition != want {
				t.Errorf("the service waits for %s to be %s", name, d.Condition)
			}
		}
		for _, v := range s.Volumes {
			if v.Source == "passwords" && s.Name != "passwords" && !waitsFor(p, s, "passwords") {
				t.Error("the service may start before the passwords are created")
			}
		}
	})
}

func waitsFor(p *types.Project, s types.ServiceConfig, name string) bool {
	for d := range s.DependsOn {
		if d == name || waitsFor(p, p.Services[d], name) {
			return true
		}
	}
	return false
}
