package main

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"alpemix-collector/report"
	world "alpemix-collector/simulator/reseller"
	"alpemix-collector/spool"
)

// standMoment is the vendors' clock, so that they have the same customers whenever the tests run.
var standMoment = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// stand is a configuration with the four simulated resellers, one account each, and a state folder.
type stand struct {
	t       *testing.T
	state   string
	environ []string
	vendors map[string]*world.Vendor
	ahead   atomic.Int64    // of standMoment, what the vendors' clock shows, in nanoseconds
	printed strings.Builder // everything that commands wrote
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, state: filepath.Join(t.TempDir(), "state"), vendors: map[string]*world.Vendor{}}
	s.environ = []string{"COLLECTOR_STATE_DIR=" + s.state}
	for _, l := range world.Labels() {
		v := world.New(l.Vendor, world.Options{World: &world.World{Seed: 1}, Now: s.now, Record: true})
		server := httptest.NewServer(v)
		t.Cleanup(server.Close)
		s.vendors[l.Vendor] = v
		for key, value := range v.Settings(l.Account, server.URL+v.Path(l.Account)) {
			if text, ok := value.(string); ok {
				s.set(l.Vendor, strings.ToUpper(key), text)
			}
		}
	}
	t.Cleanup(func() { s.noSecrets(newPassword) })
	return s
}

func (s *stand) now() time.Time { return standMoment.Add(time.Duration(s.ahead.Load())) }

// prefix opens the keys of a vendor's only account in the environment.
func prefix(vendor string) string {
	return "COLLECTOR_RESELLER_" + strings.ToUpper(vendor) + "_ACCOUNTS_0_"
}

// set gives a key of the vendor's account, or, with an empty value, takes it away.
func (s *stand) set(vendor, key, value string) {
	name := prefix(vendor) + key + "="
	s.environ = slices.DeleteFunc(s.environ, func(pair string) bool { return strings.HasPrefix(pair, name) })
	s.environ = append(s.environ, name+value)
}

func (s *stand) account(vendor string) string { return s.vendors[vendor].Accounts()[0].Name }

// run runs a command line below reseller.
func (s *stand) run(stdin string, args ...string) outcome {
	s.t.Helper()
	got := command(s.t, s.environ, stdin, append([]string{"reseller"}, args...)...)
	fmt.Fprintf(&s.printed, "%q\n%s%s", args, got.stdout, got.stderr)
	return got
}

// words runs a command line without blanks in its words.
func (s *stand) words(line string) outcome {
	s.t.Helper()
	return s.run("", strings.Fields(line)...)
}

// log is what the state file is given of calls.
type log struct {
	calls      []report.Provisioning
	allotments []report.Allotment
	ended      []string
}

func (l *log) EndCustomer(vendor, account, customer string, _ time.Time) error {
	l.ended = append(l.ended, vendor+" "+account+" "+customer)
	return nil
}

func (l *log) Provisioned(p report.Provisioning) error { l.calls = append(l.calls, p); return nil }

func (l *log) SetAllotment(a report.Allotment, at time.Time) error {
	l.allotments = append(l.allotments, a)
	return nil
}

// takeIn does what the daemon does.
func (s *stand) takeIn() *log {
	s.t.Helper()
	l := &log{}
	if _, err := spool.New(s.state).TakeIn(l); err != nil {
		s.t.Error(err)
	}
	fmt.Fprintf(&s.printed, "%+v", l)
	return l
}

// noSecrets greps everything that was printed, and every file but the keys, for the vendors' secrets and others. It is so at the end
// of every test.
func (s *stand) noSecrets(others ...string) {
	s.t.Helper()
	texts := map[string]string{"the output": s.printed.String()}
	err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.Contains(path, "limacity-keys") {
			return err
		}
		text, err := os.ReadFile(path)
		texts[path] = string(text)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	for vendor, v := range s.vendors {
		for _, secret := range append(v.Secrets(), others...) {
			login := base64.StdEncoding.EncodeToString([]byte("api:" + secret))
			for where, text := range texts {
				if strings.Contains(text, secret) || strings.Contains(text, login) {
					s.t.Errorf("a secret of %s is in %s: %s", vendor, where, text)
				}
			}
		}
	}
}
