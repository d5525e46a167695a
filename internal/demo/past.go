package demo

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"alpemix-collector/internal/daemon"
	"alpemix-collector/internal/importer"
	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/simulator"
)

const historyDays = 90

// History stores what a running collector would have read in the past, once: reports as saved ones, like
// an import. It calls progress after each of days.
func (v *Vendors) History(ctx context.Context, d *daemon.Daemon, progress func(days int) (done func(), end func())) error {
	// Half of a past would look like a complete one.
	if err := v.allotments(context.WithoutCancel(ctx), d, time.Now()); err != nil {
		return err
	}
	db, err := d.Target.Connect(ctx)
	if err != nil {
		return err
	}
	var known bytes.Buffer
	if err := db.Query(ctx, "SELECT count() FROM days", "TSV", &known); err != nil {
		return err
	}
	if strings.TrimSpace(known.String()) != "0" {
		return nil
	}
	zone := simulator.Istanbul
	today := report.DayOf(time.Now().In(zone))
	done, end := progress(historyDays)
	stream := db.Writer().Import(ctx)
	var days []report.DayStatus
	for day := today - historyDays; day < today-1; day++ {
		read := (day + 2).Start(zone) // when Alpemix no longer serves the day
		lost := today-day == lostDay
		if lost {
			read = day.Start(zone).Add(13 * time.Hour)
		}
		body := v.desk.Report(account, day, read)
		if slices.Contains(damagedDays, today-day) {
			body = damaged(body)
		}
		in := &importer.Reading{
			Source:     parser.Source{Account: account, Location: zone, FetchedAt: read},
			Add:        stream.Add,
			Quarantine: func(rejects []report.Reject) error { return db.Writer().Write(ctx, report.Batch{Rejects: rejects}) },
		}
		n, err := in.Run(ctx, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil })
		if err != nil {
			stream.Abort()
			return err
		}
		state := report.DayStatus{Account: account, Day: day, State: report.DaySealed, Rows: uint64(n.Records - n.Quarantined())}
		if state.SealedAt = (day + 1).Start(zone).Add(5 * time.Minute).UTC(); lost {
			state.State, state.SealedAt = report.DayGap, time.Time{}
		}
		state.Version = uint64(read.UnixMicro())
		days = append(days, state)
		done()
	}
	if err := stream.Close(); err != nil {
		return err
	}
	end()
	// The state knows the days, too: the status and the metrics count lost days from it.
	err = d.State.Commit(report.Observation{Account: account, Day: today, FetchedAt: time.Now(), Days: days})
	if err != nil {
		return err
	}
	// Last, because it marks the history as complete.
	return db.Writer().Write(ctx, report.Batch{Days: days, Fetches: v.requests(time.Now())})
}
