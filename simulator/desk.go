package simulator

import (
	"fmt"
	"strings"

	"alpemix-collector/report"
)

// desk is one account's people, customers and phrases. It follows from the seed and the account alone.
type desk struct {
	key     uint64 // of all its streams
	staff   []member
	targets []target
	notes   []string
}

// member is a support engineer with the parties that Alpemix records for them.
type member struct {
	office, home, anonymous report.Party
	late                    bool // works 09:30-18:30, lunch at 13; others 08:30-17:30, lunch at 12
}

// target is a customer's device; customers with several devices share a support number.
type target struct {
	party         report.Party
	supportNumber string
}

func newDesk(seed uint64, account string, perWorkday int) *desk {
	first := stream(seed, hashOf(account))
	d := &desk{key: first.next()}
	d.hire(max(20, min(perWorkday/15, 2000)))
	d.acquire(max(400, min(perWorkday/10, 20_000)))
	r := stream(d.key, 3)
	for range 2048 {
		d.notes = append(d.notes, strings.Replace(pick(&r, notes), "%s", pick(&r, topics), 1))
	}
	return d
}

func (d *desk) hire(n int) {
	r := stream(d.key, 1)
	office := publicIP(&r)
	for i := range n {
		name := pick(&r, firstNames) + " " + pick(&r, lastNames)
		office := report.Party{Name: name, IP: office, LocalIP: fmt.Sprintf("192.168.10.%d", 20+i%200), Device: deviceNumber(&r), AlpemixID: alpemixID(&r)}
		home := report.Party{Name: name, IP: publicIP(&r), LocalIP: localIP(&r), Device: deviceNumber(&r), AlpemixID: alpemixID(&r)}
		anonymous := office
		anonymous.Name = ""
		d.staff = append(d.staff, member{office: office, home: home, anonymous: anonymous, late: i%2 == 1})
	}
}

func (d *desk) acquire(n int) {
	r := stream(d.key, 2)
	for len(d.targets) < n {
		company := pick(&r, companyNames) + " " + pick(&r, trades)
		number := fmt.Sprint(r.between(1000, 99_999))
		address := publicIP(&r)
		for range r.between(1, 6) {
			party := report.Party{Name: deviceName(&r, company), IP: address, LocalIP: localIP(&r), Device: deviceNumber(&r), AlpemixID: alpemixID(&r)}
			d.targets = append(d.targets, target{party, number})
		}
	}
	d.targets = d.targets[:n]
}

// deviceName is free text: whatever someone typed when Alpemix was installed.
func deviceName(r *rng, company string) string {
	switch p := r.float(); {
	case p < 0.06:
		return ""
	case p < 0.14:
		return pick(r, domainUsers)
	case p < 0.22:
		return pick(r, machines)
	case p < 0.26:
		return strings.ToLower(company) // U+0069 U+0307 where a careless server lowers İ
	case p < 0.27:
		return company + " ☎"
	case p < 0.30:
		return `"` + company + `"`
	}
	return company + " - " + pick(r, machines)
}

// publicIP draws from the networks set aside for documentation (RFC 5737, RFC 3849) and for benchmarks (RFC 2544), so that
// no made-up log points at a real machine.
func publicIP(r *rng) string {
	switch p := r.float(); {
	case p < 0.02:
		return fmt.Sprintf("2001:db8:%x:%x::%x", r.intn(1<<16), r.intn(1<<16), r.between(1, 1<<16-1))
	case p < 0.15:
		return fmt.Sprintf("203.0.113.%d", r.between(1, 254))
	case p < 0.25:
		return fmt.Sprintf("198.51.100.%d", r.between(1, 254))
	}
	return fmt.Sprintf("198.%d.%d.%d", r.between(18, 19), r.intn(256), r.between(1, 254))
}

func localIP(r *rng) string {
	switch p := r.float(); {
	case p < 0.15:
		return fmt.Sprintf("10.%d.%d.%d", r.intn(20), r.intn(256), r.between(2, 254))
	case p < 0.2:
		return fmt.Sprintf("172.%d.%d.%d", r.between(16, 31), r.intn(256), r.between(2, 254))
	}
	return fmt.Sprintf("192.168.%d.%d", pick(r, []int{0, 1, 1, 1, 2, 5, 100}), r.between(2, 254))
}

// alpemixID may begin with zeros: it is text, not a number.
func alpemixID(r *rng) string { return fmt.Sprintf("%09d", r.intn(1_000_000_000)) }

func deviceNumber(r *rng) string { return fmt.Sprintf("%010d", r.intn(10_000_000_000)) }
