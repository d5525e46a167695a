package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

// TestADayThatIsShifted: Alpemix turns its day at another time than the account's midnight, so each report lists parts of two
// days. Each day is sealed without a doubt on the next one, be there much or little to do at night or at weekends.
func TestADayThatIsShifted(t *testing.T) {
	if testing.Short() {
		t.Skip("plays days")
	}
	for _, world := range []*simulator.World{
		{Seed: 5, PerWorkday: 120, HourlyMinimum: 5},
		{Seed: 6, PerWorkday: 120, HourlyMinimum: 0.3},
	} {
		for _, offset := range []time.Duration{-8, 5, 14} {
			t.Run((offset * time.Hour).String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					friday := report.DayOf(monday) - 3
					d := newDesk(t, friday.Start(istanbul), simulator.Options{World: world, Quirks: simulator.Quirks{DayOffset: offset * time.Hour}})
					d.run(120*time.Hour-15*time.Minute, seldom) // to the end of Tuesday
					for day := friday; day <= friday+3; day++ {
						if got := d.ch.days[day]; got.State != report.DaySealed || got.Doubt != "" {
							t.Errorf("%s is %+v", day, got)
						}
					}
					d.same("main", d.vendor.Shown("main"))
				})
			})
		}
	}
}

// TestADayOfWhichAPartIsMissing: Alpemix turns its day two hours before midnight, and the collector
// runs in the first hours of Tuesday and then in the last two of Wednesday. The report that it reads
// then lists the end of Tuesday alone, so nobody read most of that day.
func TestADayOfWhichAPartIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tuesday := report.DayOf(monday) + 1
		d := newDesk(t, tuesday.Start(istanbul), simulator.Options{
			World: &simulator.World{Seed: 5, PerWorkday: 120, HourlyMinimum: 5}, Quirks: simulator.Quirks{DayOffset: -2 * time.Hour},
		})
		d.run(3*time.Hour, seldom)
		time.Sleep(time.Until((tuesday + 2).Start(istanbul).Add(-110 * time.Minute)))
		d.run(time.Hour, seldom)
		if got := d.ch.days[tuesday]; got.State == report.DaySealed || got.Doubt == "" {
			t.Errorf("Tuesday is %+v", got)
		}
	})
}
