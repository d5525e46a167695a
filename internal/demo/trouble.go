package demo

import (
	"bytes"
	"math/rand/v2"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// A past without trouble would leave half of the dashboards empty, and would not be believed.
const (
	lostDay = 37            // so many days ago nothing was collected from one o'clock on, nor on the day after
	outage  = 9 * time.Hour // so long ago Alpemix was down
)

// damagedDays are so many days ago; a report of each had a record that cannot be read.
var damagedDays = []report.Day{2, 20, 61}

// damaged is a report with a date that does not exist in the first record.
func damaged(body []byte) []byte {
	key := []byte(`"dt":"`)
	_, rest, _ := bytes.Cut(body, key)
	date, _, _ := bytes.Cut(rest, []byte(`"`))
	return bytes.Replace(body, append(key, date...), []byte(`"dt":"25:61:00 31\\02\\2026`), 1)
}

// requests are those of yesterday and today until now, as a collector records them: every twenty seconds, with half an hour in which
// Alpemix answers slowly, then not at all, then with an error of its server.
func (d *Vendors) requests(now time.Time) []report.Fetch {
	const rowBytes = 385
	zone := simulator.Istanbul
	today := report.DayOf(now.In(zone))
	random := rand.New(rand.NewPCG(1, 1))
	away := now.Add(-outage)
	var all []report.Fetch
	for day := today - 1; day <= today; day++ {
		begun := d.desk.Truth(account, day, day, now) // by start
		listed := 0
		for at := day.Start(zone).UTC(); at.Before(now) && at.Before((day + 1).Start(zone)); at = at.Add(20 * time.Second) {
			f := report.Fetch{At: at, Vendor: "alpemix", Account: account, Job: string(report.Today), Outcome: "ok", Seconds: 0.15 + 0.1*random.ExpFloat64()}
			switch since := at.Sub(away); {
			case since < 0 || since > 30*time.Minute:
				known := listed
				for listed < len(begun) && !begun[listed].StartedAt.After(at) {
					listed++
				}
				f.Rows, f.New, f.Bytes = uint64(listed), uint64(listed-known), uint64(listed*rowBytes)
			case since < 5*time.Minute:
				f.Outcome, f.Seconds = "timeout", 120
				at = at.Add(2 * time.Minute)
			case since < 20*time.Minute:
				f.Outcome = "connect_refused"
				at = at.Add(time.Minute)
			default:
				f.Outcome, f.Code = "server_error", 103
				at = at.Add(time.Minute)
			}
			all = append(all, f)
		}
	}
	return all
}
