package importer

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"alpemix-collector/parser"
	"alpemix-collector/report"
	"alpemix-collector/sink"
)

// judge sorts the connections of a file by what storing them changes.
type judge struct {
	writer  *sink.Writer
	account string
	oldest  time.Time // what started earlier is past its retention; zero: nothing is
	known   map[report.Day][]sink.StoredRecord
	records int // in known
	// charsets are those that live answers named, by record hash. A file does not say its own.
	charsets map[uint64]string

	unchanged, older, expired int
}

// knownRecords bounds the memory of a judge, at 24 bytes each.
const knownRecords = 1 << 20

// isKept counts c and reports whether it is to be stored: ClickHouse would delete what is past its retention.
// A record that is stored already is read in the charset in which it was read then.
func (j *judge) isKept(ctx context.Context, c *report.Connection, from parser.Source) (bool, error) {
	if c.StartedAt.Before(j.oldest) {
		j.expired++
		return false, nil
	}
	records, ok := j.known[c.LocalDay]
	if !ok {
		if j.records > knownRecords {
			clear(j.known)
			clear(j.charsets)
			j.records = 0
		}
		var charsets map[uint64]string
		var err error
		if records, charsets, err = j.writer.Records(ctx, j.account, c.LocalDay); err != nil {
			return false, err
		}
		j.known[c.LocalDay] = records
		j.records += len(records)
		maps.Copy(j.charsets, charsets)
	}
	switch same, newer := compare(records, c); {
	case same:
		j.unchanged++
	case newer:
		j.older++
	}
	if charset := j.charsets[c.Hash]; charset != "" {
		if again, reject := parser.Parse(report.Record{Raw: []byte(c.Raw), Charset: charset}, from); reject == nil {
			*c = again
		}
	}
	return true, nil
}

// compare reports whether c is stored with the same content, or with content that was read later.
func compare(records []sink.StoredRecord, c *report.Connection) (same, newer bool) {
	uid := xxhash.Sum64String(c.UID)
	i, _ := slices.BinarySearchFunc(records, uid, func(r sink.StoredRecord, uid uint64) int { return cmp.Compare(r.UID, uid) })
	for ; i < len(records) && records[i].UID == uid; i++ {
		same = same || records[i].Hash == c.Hash
		newer = newer || records[i].Version > c.Version
	}
	return same, newer
}

// readingTime is when the content of a source was read, by --fetched-at or else by the file.
func (i *Importer) readingTime(s *source) (time.Time, error) {
	if !i.FetchedAt.IsZero() {
		return i.FetchedAt, nil
	}
	if s.modifiedAt.Unix() < parser.FirstMoment {
		return time.Time{}, fmt.Errorf("the file's time is %s, which cannot be when the report was read; give the time with --fetched-at 2026-03-01T09:30:00+03:00",
			s.modifiedAt.UTC().Format(time.RFC3339))
	}
	return s.modifiedAt, nil
}

// oldest is the first moment whose connections are kept.
func (i *Importer) oldest() time.Time {
	if i.Kept == 0 {
		return time.Time{}
	}
	return time.Now().Add(-i.Kept)
}

// hint says what the counts alone would hide, "" if nothing.
func (i *Importer) hint(s *source, at time.Time, n *Counts) string {
	switch late := n.Rejects["dt_out_of_range"] + n.Rejects["duration_absurd"]; {
	case late > 0 && i.FetchedAt.IsZero():
		return fmt.Sprintf("%s: the times of %d records are impossible, or more than a day after that of the file, %s; if the report was read later, import it again with --fetched-at",
			s.name, late, at.UTC().Format(time.RFC3339))
	case n.Quarantined() > 0 && at.Before(i.oldest()):
		return fmt.Sprintf("%s: the report was read at %s, which is longer ago than retention.connections (%s): the quarantined records are not kept; --fetched-at says when it was read",
			s.name, at.UTC().Format(time.RFC3339), i.KeptAs)
	}
	return ""
}
