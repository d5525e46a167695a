package main

// mutant is a deliberate break.
type mutant struct {
	name  string
	edits []edit
	by    scene // what plays it; the simulation's seeds if there is none
}

// scene names tests that play simulated time or a real exchange.
type scene struct{ folder, tests string }

// edit replaces a text that a file holds exactly once.
type edit struct{ file, old, new string }

// mutants are breaks that have been made in earnest elsewhere, or could be made here.
var mutants = []mutant{
	{name: "seen before queued", edits: []edit{
		{"store/commit.go", "	if err := c.queue(tx); err != nil {\n		return err\n	}\n	return c.storeDays(tx, account)", "	return c.storeDays(tx, account)"},
		{"store/commit.go", "err := s.updateLocked(c.store); err", "err := cmp.Or(s.updateLocked(c.store), s.updateLocked(c.queue)); err"},
	}},
	{name: "memory ahead of the disk", edits: []edit{
		{"store/store.go", "		s.stale = true\n", ""},
		{"store/commit.go", "		s.dropFetches(len(o.Fetches))\n		return err\n", "		s.dropFetches(len(o.Fetches))\n		s.committed(c)\n		return err\n"},
	}},
	{name: "acknowledged before written", edits: []edit{
		{"collector/drain.go", "	if err := c.writer.Write(ctx, batch); err != nil {\n		return false, err\n	}\n", ""},
		{"collector/drain.go", "	if len(queued.Fetches) > 0 {\n", "	if err := c.writer.Write(ctx, batch); err != nil {\n		return false, err\n	}\n	if len(queued.Fetches) > 0 {\n"},
	}},
	{name: "acknowledgement empties the queue", edits: []edit{
		{"store/queue.go", "deleteRange(queue, bounds.first, bounds.last)", "deleteRange(queue, bounds.first, queue.Sequence())"},
	}},
	{name: "dropped when ClickHouse refuses the password", edits: []edit{
		{"collector/drain.go", "c.writer.Write(ctx, batch); err != nil {", `c.writer.Write(ctx, batch); err != nil && c.observer.reason(err) != "auth" {`},
	}},
	{name: "dropped when the schema does not match", edits: []edit{
		{"collector/drain.go", "c.writer.Write(ctx, batch); err != nil {", `c.writer.Write(ctx, batch); err != nil && c.observer.reason(err) != "schema_mismatch" {`},
	}},
	{name: "dropped after ten tries", edits: []edit{
		{"collector/drain.go", "c.writer.Write(ctx, batch); err != nil {", "c.writer.Write(ctx, batch); err != nil && d.failures < 10 {"},
	}},
	{name: "token of the day", edits: []edit{
		{"sink/encode.go", "	h := sha256.New()\n", "	if c, ok := any(&rows[0]).(*report.Connection); ok {\n		return c.LocalDay.String()\n	}\n	h := sha256.New()\n"},
		{"sink/encode.go", "	\"slices\"\n)", "	\"slices\"\n\n	\"alpemix-collector/report\"\n)"},
	}},
	{name: "bucket instead of window", edits: []edit{
		{"store/ledger.go", "		end := r.ended.Add(window)\n", "		end := r.ended.Truncate(window).Add(window)\n"},
	}},
	{name: "lost requests do not count", edits: []edit{
		{"store/ledger.go", "		r.state, r.ended = done, now\n", "		if r.state, r.ended = done, now; !answered {\n			r.ended = r.sent.Add(-time.Hour)\n			continue\n		}\n"},
	}},
	{name: "requests are forgotten at a restart", edits: []edit{
		{"store/ledgerfile.go", "		s.scopes[string(name)] = rec.scope(start)\n", ""},
	}},
	{name: "requests are noted down after they were sent", edits: []edit{
		{"store/ledger.go", "	if err := s.updateLocked(nil); err != nil {\n		s.mu.Lock()", "	if err := error(nil); err != nil {\n		s.mu.Lock()"},
	}},
	{name: "token is forgotten at a restart", edits: []edit{
		{"store/ledgerfile.go", "		s.tokens[string(account)] = token{value: rec.Value, key: rec.Key, askedAt: atMost(start, rec.AskedAt, start)}\n", ""},
	}},
	{name: "block is ignored", edits: []edit{
		{"collector/alpemix/judge.go", "fail.NotBefore = f.block()", "fail.NotBefore = time.Now()"},
	}},
	{name: "a known uid is a known connection", edits: []edit{
		{"store/commit.go", "if same && known.Seen == item.Seen {", "if ok && !known.forgotten {"},
	}},
	{name: "every text is UTF-8", edits: []edit{
		{"parser/decode.go", "	if s.foreign && !utf8.ValidString(in) {", "	if false {"},
	}},
	{name: "every text is in one charset", edits: []edit{
		{"parser/charset.go", "	text, mixed := readBytes(in, rest, plausible)", "	text, mixed := readBytes(in, rest, func(rune) bool { return false })"},
	}},
	{name: "no dt proves how a record is written", edits: []edit{
		{"parser/parse.go", "	m, ok := provenMode(b)\n", "	m, ok := lenient, true\n"},
	}},
	{name: "versions by the clock alone", edits: []edit{
		{"store/store.go", "	return max(uint64(max(at.UnixMicro(), 0)), s.version+1)\n", "	return uint64(max(at.UnixMicro(), 0))\n"},
	}},
	{name: "old start is not withdrawn", edits: []edit{
		{"collector/drain.go", "if !e.MovedFrom.IsZero() {", "if false {"},
	}},
	{name: "rejected for good", edits: []edit{
		{"collector/days.go", "if err := c.store.Reconsider(a.Name); err != nil {", "if err := error(nil); err != nil {"},
	}},
	{name: "an unreadable answer is an answer", edits: []edit{
		{"collector/cycle.go", "if err := r.split(); err != nil && out.failure == nil {", "if err := r.split(); err != nil && out.failure == nil && len(r.hashes) == 0 {"},
	}},
	{name: "any answer tells the day that was asked for", edits: []edit{
		{"collector/doubt.go", "	out.doubt = found.why\n	out.accepted =", "	found = doubt{}\n	out.doubt = found.why\n	out.accepted ="},
	}},
	{name: "sealed without a look", edits: []edit{
		{"collector/seal.go", "	stored, err := c.writer.ReadBack(ctx, a.Name, day.Day)\n	if err != nil {\n		return err\n	}\n", "	stored := expected\n"},
	}},
	{name: "a day that can still be read is lost", edits: []edit{
		{"collector/days.go", "d.State == report.DayOpen && d.Day < today-1 &&", "d.State == report.DayOpen && d.Day < today &&"},
	}},
	{name: "no day is ever lost", edits: []edit{
		{"collector/days.go", "d.State == report.DayOpen && d.Day < today-1 &&", "d.State == report.DayOpen && d.Day < 0 &&"},
	}},
	{name: "yesterday is forgotten at midnight", edits: []edit{
		{"collector/days.go", "	needed := today - 2\n", "	needed := today\n"},
	}},
	{name: "quarantined rows are not counted", edits: []edit{
		{"collector/observe.go", `o.rows.WithLabelValues(name, "quarantined").Add(float64(out.quarantined))`, `_ = out.quarantined`},
	}},
	{name: "only new rows are received", edits: []edit{
		{"collector/observe.go", `"received").Add(float64(out.rows))`, `"received").Add(float64(out.new + out.changed + out.quarantined))`},
		{"collector/observe.go", "out.rows - out.new - out.changed - out.quarantined", "0"},
	}},
	{name: "an edit is a first sight", edits: []edit{
		{"store/commit.go", "		next.FirstSeenAt = known.FirstSeenAt\n", ""},
	}},
	{name: "requests are not recorded", edits: []edit{
		{"collector/drain.go", "Days: queued.Days, Fetches: queued.Fetches,", "Days: queued.Days,"},
	}},
	{name: "secrets in errors", edits: []edit{
		{"collector/alpemix/fetch.go", "Err: f.redacted(err)}", "Err: err}"},
		{"collector/alpemix/judge.go", "in between (%s)\", a.Shape())", "in between (%s)\", a.Body)"},
	}},
	{name: "a report under another key is an empty day", edits: []edit{
		{"parser/envelope.go", "empty && (!s.numbered || s.unexpected)", "false"},
	}},
	{name: "a complete answer counts only when the connection ends", edits: []edit{
		{"vendorhttp/exchange.go", "if a.Cut != nil && complete() {", "if false {"},
	}},
	{name: "a refused token is a wait", edits: []edit{
		{"collector/alpemix/fetch.go", "	if fail != nil && fail.Reason == report.OwnLimit {\n", "	if false {\n"},
	}, by: scene{"collector", "^TestWhatTheVendorKeepsRefusingIsShown$"}},
	{name: "a pause outlasts the day", edits: []edit{
		{"collector/pause.go", "			pause.Shorten(now, a.midnight(now))\n", ""},
	}, by: scene{"reliability", "^TestFaults$/^The_vendor$/Monday_noon_to_25"}},
	{name: "a block outlasts the day", edits: []edit{
		{"collector/alpemix/fetch.go", "	if f.deadline.IsZero() {\n", "	if true {\n"},
	}, by: scene{"reliability", "^TestFaults$/^The_vendor$/204.*Monday_noon_to_25"}},
	{name: "a short answer seals", edits: []edit{
		{"collector/listing.go", "	case fewer(asked.Listed, known):\n", "	case false:\n"},
	}, by: scene{"reliability", "^TestFaults$/^The_vendor$/^yesterday's_report"}},
	{name: "a seal is beyond what is known later", edits: []edit{
		{"collector/seal.go", "if why := doubtSeal(day, len(expected)); why != \"\" {", "if why := doubtSeal(day, 0); why != \"\" {"},
	}, by: scene{"collector", "^TestADoubtOutlivesRestarts$"}},
	{name: "a sealed day is beyond doubt", edits: []edit{
		{"collector/doubt.go", "		return !fewer(int(d.Rows), known)\n", "		return true\n"},
	}, by: scene{"collector", "^TestADoubtOutlivesRestarts$"}},
	{name: "a report of two days describes neither", edits: []edit{
		{"collector/listing.go", "other == l.day || other == l.beside && asked.Listed > 0", "other == l.day"},
	}, by: scene{"collector", "^TestADayThatIsShifted$"}},
	{name: "what other reports list is missing", edits: []edit{
		{"collector/listing.go", "		known -= l.elsewhere\n", ""},
	}, by: scene{"collector", "^TestADayThatIsShifted$"}},
	{name: "a day that stands still seals the next ones", edits: []edit{
		{"collector/listing.go", "	case others > asked.Listed:\n", "	case false:\n"},
	}, by: scene{"reliability", "^TestFaults$/^The_vendor$/stands_still"}},
	{name: "any answer confirms its day", edits: []edit{
		{"collector/doubt.go", "	if found.why == \"\" {\n", "	if true {\n"},
	}, by: scene{"collector", "^TestADayThatNoAnswerDescribed$"}},
	{name: "a glance at a day watches all of it", edits: []edit{
		{"collector/doubt.go", " && !before.WatchedAt.Before(l.shares[out.day].First)", ""},
	}, by: scene{"collector", "^TestADayOfWhichAPartIsMissing$"}},
	{name: "any success ends a block", edits: []edit{
		{"collector/alpemix/fetch.go", "!until.Equal(before)", "until.IsZero()"},
	}, by: scene{"collector/alpemix", "^TestABlockOutlastsTheAnswersToEarlierRequests$"}},
	{name: "an emptied database is not noticed", edits: []edit{
		{"collector/database.go", "	if id != before {\n", "	if false {\n"},
	}, by: scene{"reliability", "^TestFaults$/^ClickHouse$/^it_is_emptied"}},
	{name: "an older ClickHouse is believed", edits: []edit{
		{"collector/compare.go", "		missing = append(missing, uid)\n", ""},
	}, by: scene{"reliability", "^TestFaults$/^ClickHouse$/^an_older_copy"}},
	{name: "an older state file is believed", edits: []edit{
		{"collector/database.go", "			changes = append(changes, h)\n", "			_ = h\n"},
	}, by: scene{"reliability", "^TestFaults$/^ClickHouse$/^it_is_newer"}},
	{name: "a new name is a new account", edits: []edit{
		{"store/rename.go", "report.Renames(known, logins)", "report.Renames(known[:0], logins)"},
	}},
	{name: "a new name is a new account without the state file", edits: []edit{
		{"collector/database.go", "db.Follow(ctx, c.logins)", "db.Follow(ctx, nil)"},
	}},
	{name: "what waits keeps the old name", edits: []edit{
		{"store/rename.go", "		case kind == rowEntry && m.Vendor == \"alpemix\":\n", "		case false:\n"},
	}},
	{name: "rows stand under both names", edits: []edit{
		{"sink/move.go", "	if t.withdraw == \"\" {\n", "	if t.withdraw == \"\" || t.table == \"connection_rows\" {\n"},
	}},
	{name: "an interrupted move is not noticed", edits: []edit{
		{"sink/move.go", "	for _, t := range movables {\n", "	if err := w.withdrawRows(ctx, loginRows, m, \"\"); err != nil {\n		return fail(loginRows, err)\n	}\n	for _, t := range movables {\n"},
	}},
	{name: "an import is taken for a loss", edits: []edit{
		{"collector/seal.go", "	return !known.FirstSeenAt", "	return false && !known.FirstSeenAt"},
	}, by: scene{"collector", "^TestAnImportOpensNoDay$"}},
	{name: "one silent customer ends the round", edits: []edit{
		{"reseller/ccportal/snapshot.go", "r.silent >= silentEnd", "r.silent >= 1"},
	}, by: scene{"reseller/ccportal", "^TestACustomerThatFailsCostsTheOthersNothing$|^TestOneWhoHangsAmongMany$"}},
	{name: "ticks outlive the run", edits: []edit{
		{"collector/collector.go", "	defer stopTicks()\n", "	_ = stopTicks\n"},
	}},
}
