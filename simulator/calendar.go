package simulator

import (
	"time"

	"alpemix-collector/report"
)

// Istanbul is the desk's zone, and the likeliest of dt. Turkey has kept +03 since 2016, so a fixed zone serves, and no test
// depends on the machine's zone data.
var Istanbul = time.FixedZone("Europe/Istanbul", 3*60*60)

const minutes = 24 * 60

// workday is how busy each half hour is: opening at 08:30, lunch at noon, closing at 18:30, and the on-call telephone at night.
var workday = [48]float64{
	2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 8, 12, // 00-08
	35, 80, 110, 130, 140, 135, 120, 105, // 08-12
	50, 40, 65, 105, 125, 130, 125, 120, // 12-16
	110, 105, 95, 75, 45, 12, 8, 7, 6, 6, 5, 4, 4, 3, 3, 2, // 16-24
}

// restday is a weekend or a holiday: shops are open, offices are not.
var restday = [48]float64{
	3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 2, 2, 3, 4, 6, 8,
	12, 20, 30, 38, 42, 45, 42, 38,
	30, 28, 32, 36, 38, 36, 34, 32,
	30, 28, 26, 24, 20, 16, 14, 12, 10, 10, 8, 8, 6, 6, 5, 4,
}

// volume is a day's share of an average workday.
func volume(day report.Day) float64 {
	if holiday(day) {
		return 0.07
	}
	switch day.UTC().Weekday() {
	case time.Monday:
		return 1.15
	case time.Tuesday:
		return 1.05
	case time.Friday:
		return 0.9
	case time.Saturday:
		return 0.25
	case time.Sunday:
		return 0.07
	}
	return 0.95
}

// feasts are the first days of Ramazan Bayramı (three days) and Kurban Bayramı (four days), which follow the moon.
var feasts = map[string]int{
	"2024-04-10": 3, "2024-06-16": 4, "2025-03-30": 3, "2025-06-06": 4, "2026-03-20": 3, "2026-05-27": 4,
	"2027-03-09": 3, "2027-05-16": 4, "2028-02-26": 3, "2028-05-05": 4,
}

var fixedHolidays = map[string]bool{"01-01": true, "04-23": true, "05-01": true, "05-19": true, "07-15": true, "08-30": true, "10-29": true}

func holiday(day report.Day) bool {
	if fixedHolidays[day.UTC().Format("01-02")] {
		return true
	}
	for back := range report.Day(4) {
		if feasts[(day-back).String()] > int(back) {
			return true
		}
	}
	return false
}

func working(day report.Day) bool { return volume(day) > 0.5 }

// intensity is how many sessions are expected to start in each minute of day.
func (w *World) intensity(desk *desk, day report.Day) (perMinute [minutes]float64, total float64) {
	shape := &restday
	if working(day) {
		shape = &workday
	}
	sum := 0.0
	for _, v := range shape {
		sum += v * 30
	}
	r := stream(desk.key, uint64(day), 4)
	scale := float64(w.perWorkday()) * volume(day) * (0.88 + 0.24*r.float()) / sum
	noise := 1.0
	for m := range perMinute {
		if m%15 == 0 {
			noise = 0.7 + 0.6*r.float()
		}
		perMinute[m] = max(scale*shape[m/30]*noise, w.HourlyMinimum/60)
		total += perMinute[m]
	}
	return perMinute, total
}
