package main

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"alpemix-collector/simulator"
	world "alpemix-collector/simulator/reseller"
)

// check is what check says of the reseller accounts.
func (s *stand) check() (code int, lines string) {
	s.t.Helper()
	// Neither ClickHouse nor Alpemix matters here.
	got := command(s.t, append(s.environ, "COLLECTOR_CLICKHOUSE_DSN=clickhouse://"+freeAddress(s.t)+"/alpemix"), "", "check")
	for line := range strings.Lines(got.stdout) {
		for _, l := range world.Labels() {
			if strings.Contains(line, " "+l.Vendor+" account "+l.Account+": ") {
				lines += line
			}
		}
	}
	s.printed.WriteString(got.stdout + got.stderr)
	return got.code, lines
}

func (s *stand) customersOfPortal(numbers ...string) {
	s.set(world.CCPortal, "CUSTOMERS", strings.Join(numbers, ","))
}

func TestCheckOfResellers(t *testing.T) {
	s := newStand(t)
	for _, v := range s.vendors {
		v.SetQuirks(world.Quirks{List: true})
	}
	var numbers, dirty []string
	for _, c := range s.vendors[world.CCPortal].Customers("kommitt", standMoment) {
		numbers = append(numbers, c.Name)
		if c.Dirty {
			dirty = append(dirty, c.Name)
		}
	}
	s.customersOfPortal(numbers...)
	pending := ""
	if len(dirty) > 0 {
		pending = "; changes are pending (dirty) of " + strings.Join(dirty, ", ")
	}
	count := func(vendor string) (n int) { return len(s.vendors[vendor].Customers(s.account(vendor), standMoment)) }
	want := fmt.Sprintf(`ok    remotepc account eu: user/list returned %d users
ok    ccportal account kommitt: pack/list returned the packs of %d customers%s
ok    serwersms account pl: subaccounts/index returned %d subaccounts
ok    limacity account de: customers/list returned %d customers
`, count(world.RemotePC), len(numbers), pending, count(world.SerwerSMS), count(world.LimaCity))
	if _, lines := s.check(); lines != want {
		t.Errorf("%s\nwant\n%s", lines, want)
	}
	asked := map[string]string{world.RemotePC: "user/list", world.CCPortal: "pack/list", world.SerwerSMS: "subaccounts/index", world.LimaCity: "customers/list"}
	for vendor, v := range s.vendors {
		want := 1
		if vendor == world.CCPortal {
			want = len(numbers)
		}
		if stats := v.Stats(); stats.Requests[asked[vendor]] != want || stats.Changes != 0 {
			t.Errorf("%s: %+v", vendor, stats)
		}
	}
}

// TestCheckOfAResellerThatFails: each of the lines says what is wrong and what to do.
func TestCheckOfAResellerThatFails(t *testing.T) {
	all := func(lines ...string) []string { return lines }
	for name, c := range map[string]struct {
		prepare func(s *stand)
		want    []string // what the lines of the four hold
	}{
		"wrong key": {func(s *stand) {
			for _, v := range s.vendors {
				v.SetFault(func(simulator.Request) simulator.Fault { return simulator.Fault{Expire: true} })
			}
		}, all(
			"FAIL  remotepc account eu: request for user/list: error 401 UNAUTHORIZED_ACCESS: the API key is not right",
			"FAIL  ccportal account kommitt: customer 10366: request for pack/list: HTTP 404",
			"FAIL  serwersms account pl: request for subaccounts/index: error 1001 InvalidUser",
			"FAIL  limacity account de: request for customers/list: HTTP 401",
		)},
		"blocked address": {func(s *stand) {
			for _, v := range s.vendors {
				v.SetFault(func(simulator.Request) simulator.Fault { return simulator.Fault{Block: time.Hour} })
			}
		}, all(
			"FAIL  remotepc account eu: request for user/list: error 403 FORBIDDEN: the API key is not right, or this machine's address is not on the list",
			"FAIL  ccportal account kommitt: customer 10366: request for pack/list: HTTP 403 Forbidden: Forbidden: the portal does not serve this machine's address",
			"FAIL  serwersms account pl: request for subaccounts/index: error 1003 InvalidIP",
			"FAIL  limacity account de: request for customers/list: HTTP 403",
		)},
		"page": {func(s *stand) {
			for _, v := range s.vendors {
				v.SetQuirks(world.Quirks{Instead: world.InsteadPage})
			}
		}, all(
			"FAIL  remotepc account eu: request for user/list: the answer is a web page", "FAIL  ccportal account kommitt: customer 10366: request for pack/list: the answer is a web page",
			"FAIL  serwersms account pl: request for subaccounts/index: the answer is a web page", "FAIL  limacity account de: request for customers/list: the answer is a web page",
		)},
		"down": {func(s *stand) {
			gone := httptest.NewServer(nil)
			gone.Close()
			for vendor := range s.vendors {
				key := "ENDPOINT"
				if vendor == world.CCPortal {
					key = "BASE_URL"
				}
				s.set(vendor, key, gone.URL)
			}
		}, all("FAIL  remotepc account eu: ", "FAIL  ccportal account kommitt: ", "FAIL  serwersms account pl: ", "FAIL  limacity account de: ")},
		"no customers, no list": {func(s *stand) { s.customersOfPortal() }, all(
			"ok    remotepc", "FAIL  ccportal account kommitt: request for pack/list: no customers are configured",
			"ok    serwersms", "warn  limacity account de: not tried: this server does not offer a list of customers",
		)},
		"dirty": {func(s *stand) {
			s.vendors[world.CCPortal].SetQuirks(world.Quirks{Dirty: true})
			s.customersOfPortal("1", "2", "3", "4", "5", "6", "7")
		}, all("ok    remotepc", "ok    ccportal account kommitt: pack/list returned the packs of 7 customers; changes are pending (dirty) of 1, 2, 3, 4, 5 and 2 more\n", "ok    serwersms", "warn  limacity")},
		"customers of a file": {func(s *stand) {
			s.customersOfPortal()
			s.set(world.CCPortal, "CUSTOMERS_FILE", write(s.t, "customers.txt", "\ufeff10366\r\n\r\n 2 \n3"))
		}, all("ok    remotepc", "ok    ccportal account kommitt: pack/list returned the packs of 3 customers", "ok    serwersms", "warn  limacity")},
		"a wrong number": {func(s *stand) { s.customersOfPortal("..") }, all(
			"ok    remotepc", `FAIL  ccportal account kommitt: reseller.ccportal.accounts.customers: ".." would be removed from the address`, "ok    serwersms", "warn  limacity",
		)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.customersOfPortal("10366")
			c.prepare(s)
			code, got := s.check()
			lines := strings.SplitAfter(strings.TrimSpace(got)+"\n", "\n")
			if len(lines) != len(c.want)+1 || code != exitFailure {
				t.Fatalf("%d %s", code, got)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("%s\nwant %s", lines[i], want)
				}
			}
		})
	}
}

// TestCheckFailsForAReseller: where all else is well.
func TestCheckFailsForAReseller(t *testing.T) {
	s := newStand(t)
	desk, _, _ := desk(t)
	s.environ = append(desk, s.environ[1:]...) // the state folder is the desk's
	s.customersOfPortal("10366")
	if got := command(t, s.environ, "", "check"); got.code != exitOK || !strings.Contains(got.stdout, "ok    remotepc account eu: ") {
		t.Errorf("%+v", got)
	}
	s.set(world.RemotePC, "API_KEY", "wrong-key")
	got := command(t, s.environ, "", "check")
	if got.code != exitFailure || !strings.Contains(got.stdout, "FAIL  remotepc account eu: ") || strings.Count(got.stdout, "FAIL") != 1 || strings.Contains(got.stdout, "wrong-key") {
		t.Errorf("%+v", got)
	}
}
