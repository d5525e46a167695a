package compose_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stage is one stage of the Dockerfile: its FROM, and its lines as instruction and rest.
type stage struct {
	name  string
	from  string
	lines [][2]string
}

type dockerfile struct {
	args   map[string]string // before the first stage
	stages []stage
}

func (d *dockerfile) last() *stage { return &d.stages[len(d.stages)-1] }

func (d *dockerfile) stage(t *testing.T, name string) *stage {
	t.Helper()
	i := slices.IndexFunc(d.stages, func(s stage) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("the Dockerfile has no stage %s", name)
	}
	return &d.stages[i]
}

// all returns the rests of an instruction's lines.
func (s *stage) all(instruction string) (rests []string) {
	for _, l := range s.lines {
		if l[0] == instruction {
			rests = append(rests, l[1])
		}
	}
	return rests
}

func (s *stage) has(instruction string) bool { return len(s.all(instruction)) > 0 }

func parseDockerfile(t *testing.T) *dockerfile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	d := &dockerfile{args: map[string]string{}}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", "")) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		instruction, rest, _ := strings.Cut(line, " ")
		switch {
		case instruction == "FROM":
			from, name, _ := strings.Cut(rest, " AS ")
			for arg, value := range d.args {
				from = strings.ReplaceAll(from, "${"+arg+"}", value)
			}
			d.stages = append(d.stages, stage{name: name, from: from})
		case len(d.stages) == 0:
			name, value, _ := strings.Cut(rest, "=")
			d.args[name] = value
		default:
			d.last().lines = append(d.last().lines, [2]string{instruction, rest})
		}
	}
	return d
}

func TestDockerfileSources(t *testing.T) {
	d := parseDockerfile(t)
	exact := regexp.MustCompile(`:(\d+\.\d+\.\d+-bookworm(-slim)?|bookworm-\d{8}-slim)$`)
	known := []string{"scratch"}
	for _, s := range d.stages {
		if !slices.Contains(known, s.from) && !exact.MatchString(s.from) {
			t.Errorf("%s is neither a stage nor an exact version", s.from)
		}
		for _, rest := range s.all("COPY") {
			words := strings.Fields(rest)
			if from, ok := strings.CutPrefix(words[0], "--from="); ok {
				if !slices.Contains(known, from) {
					t.Errorf("COPY %s: no earlier stage has this name", rest)
				}
				continue
			}
			for _, source := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, source)); err != nil {
					t.Error(err)
				}
			}
		}
		known = append(known, s.name)
	}
}

// TestImagesDifferInTheEngineOnly: both images run as the same user with the same settings, and
// need no program of the system.
func TestImagesDifferInTheEngineOnly(t *testing.T) {
	d := parseDockerfile(t)
	plain, embedded := d.last(), d.stage(t, "embedded")
	if plain.from != "scratch" || plain.has("RUN") {
		t.Errorf("the image is based on %s", plain.from)
	}
	for _, instruction := range []string{"ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD", "ARG"} {
		if diff := cmp.Diff(plain.all(instruction), embedded.all(instruction)); diff != "" || !plain.has(instruction) {
			t.Errorf("%s:\n%s", instruction, diff)
		}
	}
	if want := strings.Replace(d.stage(t, "build").all("RUN")[0], "-tags noengine ", "", 1); want != d.stage(t, "build-embedded").all("RUN")[0] {
		t.Error("the two binaries are built differently")
	}
	if user := plain.all("USER"); !cmp.Equal(user, []string{collectorUser + ":" + collectorUser}) {
		t.Errorf("the user is %s", user)
	}
}

// collectorUser is a number, because the image has no /etc/passwd and files outside of it belong to
// the number.
const collectorUser = "65532"

// TestImage builds the binary with the Dockerfile's own command line, and runs it like the
// container of the demo.
func TestImage(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "collector")
	line := strings.Replace(parseDockerfile(t).stage(t, "build").all("RUN")[0], "-o /collector", "-o "+binary, 1)
	build := exec.Command("sh", "-c", line)
	build.Dir, build.Env = root, append(os.Environ(), "VERSION=1.2.3", "COMMIT=abc")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	t.Run("needs nothing of the system", func(t *testing.T) { checkStatic(t, binary) })
	t.Run("demo", func(t *testing.T) { runDemo(t, binary) })
}

func checkStatic(t *testing.T, binary string) {
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary has a %s, so it is not static", p.Type)
		}
	}
	out, err := exec.Command(binary, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "collector 1.2.3\ncommit    abc\n") || !strings.HasSuffix(string(out), "\nengine    none\n") {
		t.Errorf("%s%v", out, err)
	}
	demo := exec.Command(binary, "demo")
	demo.Env = []string{"COLLECTOR_HTTP_LISTEN=127.0.0.1:0"}
	if out, err := demo.CombinedOutput(); err == nil || !strings.Contains(string(out), "to a ClickHouse server") {
		t.Errorf("%s%v", out, err)
	}
}
