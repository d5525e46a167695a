package reseller

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

var monday = time.Date(2026, 7, 6, 9, 0, 0, 0, simulator.Istanbul)

// seeds and starts of the tests that hold for every world.
var worlds = []struct {
	seed uint64
	from time.Time
}{{0, monday}, {1, monday.AddDate(0, 0, -90)}, {2, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}, {77, monday.AddDate(2, 0, 0)}, {1 << 60, monday.AddDate(0, 5, 3)}}

func TestFortyCustomersWithNamesThatTheirVendorsTake(t *testing.T) {
	valid := map[string]func(Customer) bool{
		RemotePC:  func(c Customer) bool { return isAddress(c.Name) && c.Secret != "" },
		CCPortal:  func(c Customer) bool { return len(c.Name) == 5 || strings.HasPrefix(c.Name, "Cust") },
		SerwerSMS: func(c Customer) bool { return smsName.MatchString(c.Name) && smsPhone.MatchString(c.Phone) && c.ID > 0 },
		LimaCity:  func(c Customer) bool { return limaName.MatchString(c.Name) && len(c.Secret) == 32 && c.ID > 0 },
	}
	for _, test := range worlds {
		w := &World{Seed: test.seed}
		n, companies := 0, map[string]int{}
		for _, l := range Labels() {
			names, ids, own := map[string]bool{}, map[int]bool{}, map[string]bool{}
			for _, s := range w.seatsFor(l) {
				n++
				c, _ := s.at(test.from)
				if !valid[l.Vendor](c) || !isAddress(c.Email) || c.Company == "" || names[c.Name] || own[c.Company] || ids[c.ID] && c.ID != 0 {
					t.Errorf("seed %d, %s: %+v", test.seed, l.Vendor, c)
				}
				names[c.Name], ids[c.ID], own[c.Company] = true, true, true
				companies[c.Company]++
			}
		}
		twice := 0
		for _, vendors := range companies {
			if vendors > 1 {
				twice++
			}
		}
		if n != 40 || twice < 2 || len(companies) < 34 {
			t.Errorf("seed %d: %d customers, %d companies, %d with two vendors", test.seed, n, len(companies), twice)
		}
	}
}

// TestAnyMomentAlone: what a world says of a time does not depend on what else it was asked.
func TestAnyMomentAlone(t *testing.T) {
	type answer struct {
		l    Label
		at   time.Time
		want []report.Allotment
	}
	var answers []answer
	a := &World{Seed: 9}
	for _, l := range Labels() {
		for hours := range 200 {
			at := monday.Add(time.Duration(hours*19) * time.Hour)
			answers = append(answers, answer{l, at, a.Allotments(l, at)})
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	r.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
	b := &World{Seed: 9}
	var g sync.WaitGroup
	for part := range slices.Chunk(answers, 200) {
		g.Go(func() {
			for _, x := range part {
				if got := b.Allotments(x.l, x.at); !reflect.DeepEqual(got, x.want) {
					t.Errorf("%v at %s: %v, want %v", x.l, x.at, got, x.want)
				}
			}
		})
	}
	g.Wait()
}

func TestPhases(t *testing.T) {
	c := cycle{length: 100, offset: 30}
	for _, test := range []struct{ t, n, start int64 }{{30, 0, 30}, {129, 0, 30}, {130, 1, 130}, {29, -1, -70}, {-70, -1, -70}, {-71, -2, -170}} {
		if n, start := c.phase(test.t); n != test.n || start != test.start {
			t.Errorf("%d is in phase %d since %d, want %+v", test.t, n, start, test)
		}
	}
}

// TestSixtyDaysHaveEveryChange counts what a history of 60 days contains.
func TestSixtyDaysHaveEveryChange(t *testing.T) {
	for _, test := range worlds {
		w := &World{Seed: test.seed}
		counts := map[string]int{}
		for _, l := range Labels() {
			before := byKey(w.Allotments(l, test.from))
			for hour := 6; hour <= 60*24; hour += 6 {
				now := byKey(w.Allotments(l, test.from.Add(time.Duration(hour)*time.Hour)))
				for key, a := range now {
					old, known := before[key]
					switch {
					case !known:
						counts[l.Vendor+" new"]++
					case a.Allotted.V > old.Allotted.V:
						counts[l.Vendor+" more"]++
					case a.Allotted.V < old.Allotted.V:
						counts[l.Vendor+" less"]++
					case a.Active != old.Active:
						counts[l.Vendor+" active"]++
					}
				}
				for key := range before {
					if _, still := now[key]; !still {
						counts[l.Vendor+" gone"]++
					}
				}
				before = now
			}
		}
		for _, vendor := range []string{RemotePC, CCPortal, SerwerSMS} {
			for _, change := range []string{" new", " more", " less", " gone"} {
				if counts[vendor+change] == 0 {
					t.Errorf("seed %d: no %s of %s: %v", test.seed, change, vendor, counts)
				}
			}
		}
		if counts["limacity more"]+counts["limacity less"] != 0 || counts["limacity new"]+counts["limacity gone"] == 0 || counts["remotepc active"] == 0 {
			t.Errorf("seed %d: %v", test.seed, counts)
		}
	}
}

func byKey(list []report.Allotment) map[string]report.Allotment {
	m := map[string]report.Allotment{}
	for _, a := range list {
		m[a.Customer+"/"+a.Resource] = a
	}
	return m
}

func TestSomeAreOverAndSomeFarUnder(t *testing.T) {
	for _, test := range worlds {
		w := &World{Seed: test.seed}
		for day := 0; day < 90; day += 10 {
			over, far, known := 0, 0, 0
			for _, l := range Labels() {
				for _, a := range w.Allotments(l, test.from.AddDate(0, 0, day)) {
					if !a.Utilized.Valid {
						continue
					}
					known++
					if a.Utilized.V > a.Allotted.V {
						over++
					}
					if a.Utilized.V < 0.25*a.Allotted.V {
						far++
					}
				}
			}
			if known < 20 || over < 1 || far < 2 || over > known/2 {
				t.Errorf("seed %d, day %d: of %d, %d are over and %d far under", test.seed, day, known, over, far)
			}
		}
	}
}

func TestMappingsJoinUsageAndAllotment(t *testing.T) {
	desk := &simulator.World{Seed: 4}
	w := &World{Seed: 8, Desk: desk, DeskAccount: "demo"}
	var table bytes.Buffer
	if err := w.WriteMappings(&table); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || !slices.Equal(rows[0], []string{"customer", "vendor", "account", "field", "value"}) {
		t.Fatalf("%v: %v", err, rows)
	}
	owner, fields := map[string]string{}, map[string]int{}
	for _, row := range rows[1:] {
		key := fmt.Sprint(row[1:])
		if before, taken := owner[key]; taken {
			t.Errorf("%s is of %s and of %s", key, before, row[0])
		}
		owner[key] = row[0]
		fields[row[1]+" "+row[3]]++
	}
	for _, l := range Labels() {
		if fields[l.Vendor+" customer"] != twinOf(l.Vendor).seats {
			t.Errorf("%s: %v", l.Vendor, fields)
		}
		for _, c := range w.Customers(l, monday) {
			if owner[fmt.Sprint([]string{l.Vendor, l.Account, "customer", c.Key()})] != c.Company {
				t.Errorf("%s is not mapped", c.Name)
			}
		}
	}
	for _, field := range []string{"support_number", "target_name", "target_alpemix_id"} {
		if fields["alpemix "+field] < 5 {
			t.Errorf("only %d rows of %s", fields["alpemix "+field], field)
		}
	}
	all, mapped, busy := 0, 0, map[string]bool{}
	for day := report.DayOf(monday); day < report.DayOf(monday)+28; day++ {
		for _, c := range desk.Connections("demo", day, monday.AddDate(0, 2, 0)) {
			all++
			for _, pair := range [][2]string{{"support_number", c.SupportNumber}, {"target_name", c.Target.Name}, {"target_alpemix_id", c.Target.AlpemixID}} {
				if customer, known := owner[fmt.Sprint([]string{"alpemix", "demo", pair[0], pair[1]})]; known {
					mapped++
					busy[customer] = true
					break
				}
			}
		}
	}
	if share := float64(mapped) / float64(all); share < 0.25 || share > 0.75 || len(busy) < 25 {
		t.Errorf("of %d sessions %.2f are mapped, to %d customers", all, share, len(busy))
	}
}
