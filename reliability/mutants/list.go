package main

// mutant is a deliberate break.
type mutant struct {
	name  string
	edits []edit
}

// edit replaces a text that a file holds exactly once.
type edit struct{ file, old, new string }

// mutants are breaks that have been made in earnest elsewhere, or could be made here.
var mutants = []mutant{
	{"seen before queued", []edit{
		{"store/commit.go", "	if err := c.queue(tx); err != nil {\n		return err\n	}\n	return c.storeDays(tx, account)", "	return c.storeDays(tx, account)"},
		{"store/commit.go", "err := s.updateLocked(c.store); err", "err := cmp.Or(s.updateLocked(c.store), s.updateLocked(c.queue)); err"},
	}},
	{"memory ahead of the disk", []edit{
		{"store/store.go", "		s.stale = true\n", ""},
		{"store/commit.go", "		s.dropFetches(len(o.Fetches))\n		return err\n", "		s.dropFetches(len(o.Fetches))\n		s.committed(c)\n		return err\n"},
	}},
	{"acknowledged before written", []edit{
		{"collector/drain.go", "	if err := c.writer.Write(ctx, batch); err != nil {\n		return false, err\n	}\n", ""},
		{"collector/drain.go", "	if len(queued.Fetches) > 0 {\n", "	if err := c.writer.Write(ctx, batch); err != nil {\n		return false, err\n	}\n	if len(queued.Fetches) > 0 {\n"},
	}},
	{"acknowledgement empties the queue", []edit{
		{"store/queue.go", "deleteRange(queue, bounds.first, bounds.last)", "deleteRange(queue, bounds.first, queue.Sequence())"},
	}},
	{"dropped when ClickHouse refuses the password", []edit{
		{"collector/drain.go", "c.writer.Write(ctx, batch); err != nil {", `c.writer.Write(ctx, batch); err != nil && c.observer.reason(err) != "auth" {`},
	}},
	{"dropped when the schema does not match", []edit{
		{"collector/drain.go", "c.writer.Write(ctx, batch); err != nil {", `c.writer.Write(ctx, batch); err != nil && c.observer.reason(err) != "schema_mismatch" {`},
	}},
	{"dropped after ten tries", []edit{
		{"collector/drain.go", "c.writer.Write(ctx, batch); err != nil {", "c.writer.Write(ctx, batch); err != nil && d.failures < 10 {"},
	}},
	{"token of the day", []edit{
		{"sink/encode.go", "	h := sha256.New()\n", "	if c, ok := any(&rows[0]).(*report.Connection); ok {\n		return c.LocalDay.String()\n	}\n	h := sha256.New()\n"},
		{"sink/encode.go", "	\"slices\"\n)", "	\"slices\"\n\n	\"alpemix-collector/report\"\n)"},
	}},
	{"bucket instead of window", []edit{
		{"store/ledger.go", "		end := r.ended.Add(window)\n", "		end := r.ended.Truncate(window).Add(window)\n"},
	}},
	{"lost requests do not count", []edit{
		{"store/ledger.go", "		r.state, r.ended = done, now\n", "		if r.state, r.ended = done, now; !answered {\n			r.ended = r.sent.Add(-time.Hour)\n			continue\n		}\n"},
	}},
	{"requests are forgotten at a restart", []edit{
		{"store/ledgerfile.go", "		s.scopes[string(name)] = rec.scope(start)\n", ""},
	}},
	{"requests are noted down after they were sent", []edit{
		{"store/ledger.go", "	if err := s.updateLocked(nil); err != nil {\n		s.mu.Lock()", "	if err := error(nil); err != nil {\n		s.mu.Lock()"},
	}},
	{"token is forgotten at a restart", []edit{
		{"store/ledgerfile.go", "		s.tokens[string(account)] = token{value: rec.Value, key: rec.Key, askedAt: atMost(start, rec.AskedAt, start)}\n", ""},
	}},
	{"block is ignored", []edit{
		{"collector/alpemix/judge.go", "fail.NotBefore = f.block()", "fail.NotBefore = time.Now()"},
	}},
	{"a known uid is a known connection", []edit{
		{"store/commit.go", "if same && known.Seen == item.Seen {", "if ok && !known.forgotten {"},
	}},
	{"every text is UTF-8", []edit{
		{"parser/decode.go", "	if s.foreign && !utf8.ValidString(in) {", "	if false {"},
	}},
	{"no dt proves how a record is written", []edit{
		{"parser/parse.go", "	m, ok := proven(b)\n", "	m, ok := lenient, true\n"},
	}},
	{"versions by the clock alone", []edit{
		{"store/store.go", "	return max(uint64(max(at.UnixMicro(), 0)), s.version+1)\n", "	return uint64(max(at.UnixMicro(), 0))\n"},
	}},
	{"old start is not withdrawn", []edit{
		{"collector/drain.go", "if !e.MovedFrom.IsZero() {", "if false {"},
	}},
	{"rejected for good", []edit{
		{"collector/days.go", "if err := c.store.Reconsider(a.Name); err != nil {", "if err := error(nil); err != nil {"},
	}},
	{"an unreadable answer is an answer", []edit{
		{"collector/cycle.go", "if err := r.split(); err != nil && out.failure == nil {", "if err := r.split(); err != nil && out.failure == nil && len(r.hashes) == 0 {"},
	}},
	{"any answer tells the day that was asked for", []edit{
		{"collector/doubt.go", "	out.doubt = found.why\n	out.accepted =", "	found = doubt{}\n	out.doubt = found.why\n	out.accepted ="},
	}},
	{"sealed without a look", []edit{
		{"collector/seal.go", "	stored, err := c.writer.ReadBack(ctx, a.Name, day.Day)\n	if err != nil {\n		return err\n	}\n", "	stored := expected\n"},
	}},
	{"a day that can still be read is lost", []edit{
		{"collector/days.go", "d.State == report.DayOpen && d.Day < today-1 &&", "d.State == report.DayOpen && d.Day < today &&"},
	}},
	{"no day is ever lost", []edit{
		{"collector/days.go", "d.State == report.DayOpen && d.Day < today-1 &&", "d.State == report.DayOpen && d.Day < 0 &&"},
	}},
	{"yesterday is forgotten at midnight", []edit{
		{"collector/days.go", "	needed := today - 2\n", "	needed := today\n"},
	}},
	{"quarantined rows are not counted", []edit{
		{"collector/observe.go", `o.rows.WithLabelValues(name, "quarantined").Add(float64(out.quarantined))`, `_ = out.quarantined`},
	}},
	{"only new rows are received", []edit{
		{"collector/observe.go", `"received").Add(float64(out.rows))`, `"received").Add(float64(out.new + out.changed + out.quarantined))`},
		{"collector/observe.go", "out.rows - out.new - out.changed - out.quarantined", "0"},
	}},
	{"an edit is a first sight", []edit{
		{"store/commit.go", "		next.FirstSeenAt = known.FirstSeenAt\n", ""},
	}},
	{"requests are not recorded", []edit{
		{"collector/drain.go", "Days: queued.Days, Fetches: queued.Fetches,", "Days: queued.Days,"},
	}},
	{"secrets in errors", []edit{
		{"collector/alpemix/fetch.go", "Err: f.redacted(err)}", "Err: err}"},
		{"collector/alpemix/judge.go", "in between (%s)\", a.Shape())", "in between (%s)\", a.Body)"},
	}},
	{"a report under another key is an empty day", []edit{
		{"parser/envelope.go", "empty && (!s.numbered || s.unexpected)", "false"},
	}},
	{"a complete answer counts only when the connection ends", []edit{
		{"vendorhttp/exchange.go", "if a.Cut != nil && complete() {", "if false {"},
	}},
	{"ticks outlive the run", []edit{
		{"collector/collector.go", "	defer stopTicks()\n", "	_ = stopTicks\n"},
	}},
}
