package reliability_test

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"alpemix-collector/report"
)

// loginRow is whose the rows of an account are.
type loginRow struct {
	fingerprint string
	version     uint64
	moved       bool
}

// move is a statement that copies the rows of an account to another name, or withdraws them under the old one.
type move struct {
	table, from, to string // to is empty if the rows are withdrawn
	month           string // of the start, empty if all
	beyond          bool   // the copies beat whatever stands under the new name
	add             uint64 // to the version
}

var (
	moves     = regexp.MustCompile(`(?s)^INSERT INTO alpemix\.(\w+) SELECT r\.\* REPLACE \((.*)\)\s+FROM alpemix\.\w+ AS r FINAL WHERE (.*) SETTINGS do_not_merge_across_partitions_select_final = 1$`)
	copies    = regexp.MustCompile(`^'([^']*)' AS account, (r\.version|greatest\(r\.version, \(SELECT max\(version\) FROM alpemix\.\w+ WHERE account = '[^']*'\)\)) \+ (\d+) AS version$`)
	withdraws = regexp.MustCompile(`^1 AS (?:deleted|moved)(?:, '' AS \w+)*, r\.version \+ (\d+) AS version$`)
	ofAccount = regexp.MustCompile(`^r\.account = '([^']*)' AND NOT r\.(?:deleted|moved)(?: AND r\.vendor = 'alpemix')?(?: AND toYYYYMM\(r\.started_at\) = (\d+))?$`)
)

func parseMove(text string) (m move) {
	unknown := func(part string) { panic(fmt.Sprintf("this ClickHouse does not know %q in the query %q", part, text)) }
	found := moves.FindStringSubmatch(text)
	if found == nil {
		unknown(text)
	}
	number := ""
	m.table = found[1]
	if by := copies.FindStringSubmatch(found[2]); by != nil {
		m.to, m.beyond, number = by[1], by[2] != "r.version", by[3]
	} else if by := withdraws.FindStringSubmatch(found[2]); by != nil {
		number = by[1]
	} else {
		unknown(found[2])
	}
	where := ofAccount.FindStringSubmatch(found[3])
	if where == nil {
		unknown(found[3])
	}
	m.from, m.month = where[1], where[2]
	m.add, _ = strconv.ParseUint(number, 10, 64)
	return m
}

// moved is the new name and version of a row; top is the highest version under the new name.
func (m *move) moved(version, top uint64) (account string, next uint64) {
	if m.to == "" {
		return m.from, version + m.add
	}
	if m.beyond {
		version = max(version, top)
	}
	return m.to, version + m.add
}

// rename executes the statement of a move.
func (c *clickhouse) rename(m move) {
	top := uint64(0)
	switch m.table {
	case "connection_rows":
		for _, conn := range maps.Clone(c.connections) {
			if conn.Account != m.from || conn.Deleted || m.month != "" && m.month != conn.StartedAt.UTC().Format("200601") {
				continue
			}
			if conn.Account, conn.Version = m.moved(conn.Version, 0); m.to == "" {
				conn.Deleted, conn.Raw, conn.Explanation = true, "", ""
			}
			c.keep(conn)
		}
	case "quarantine_rows":
		for key, r := range c.rejects {
			if key.account == m.to {
				top = max(top, r.Version)
			}
		}
		for _, r := range maps.Clone(c.rejects) {
			if r.Account == m.from && !r.moved {
				if r.Account, r.Version = m.moved(r.Version, top); m.to == "" {
					r.moved, r.Raw = true, ""
				}
				c.keepReject(r)
			}
		}
	case "day_rows":
		for key, d := range c.days {
			if key.account == m.to {
				top = max(top, d.Version)
			}
		}
		for _, d := range maps.Clone(c.days) {
			if d.Account == m.from && !d.moved {
				d.Account, d.Version = m.moved(d.Version, top)
				d.moved = m.to == ""
				c.keepDay(d)
			}
		}
	case "login_rows":
		if l, known := c.logins[m.from]; known && !l.moved {
			var account string
			account, l.version = m.moved(l.version, c.logins[m.to].version)
			l.moved = m.to == ""
			c.logins[account] = l
		}
	default:
		panic("a move in " + m.table)
	}
}

// severalStarts are the connections of an account that stand under more than one start, with the newest start that is not withdrawn.
func (c *clickhouse) severalStarts(account string) (newest map[uidKey]report.Connection) {
	starts := map[uidKey]int{}
	newest = map[uidKey]report.Connection{}
	for key, conn := range c.connections {
		if key.account != account {
			continue
		}
		starts[key.uidKey]++
		if !conn.Deleted && conn.Version >= newest[key.uidKey].Version {
			newest[key.uidKey] = conn
		}
	}
	for uid, n := range starts {
		if n == 1 {
			delete(newest, uid)
		}
	}
	return newest
}

var renameQuestions = []question{
	{
		"SELECT vendor, account, fingerprint FROM alpemix.login_rows FINAL WHERE NOT moved",
		[]string{"vendor String", "account String", "fingerprint String"},
		func(c *clickhouse, _ statement) (rows [][]any) {
			for account, l := range c.logins {
				if !l.moved {
					rows = append(rows, []any{"alpemix", account, l.fingerprint})
				}
			}
			return rows
		},
	},
	{
		"INSERT INTO alpemix.login_rows (vendor, account, fingerprint, version)", nil,
		func(c *clickhouse, q statement) [][]any {
			c.logins[q.value("account")] = loginRow{fingerprint: q.value("fingerprint"), version: c.logins[q.value("account")].version + 1}
			return nil
		},
	},
	{
		"SELECT DISTINCT toYYYYMM(r.started_at) AS month FROM alpemix.connection_rows AS r WHERE ", []string{"month UInt32"},
		func(c *clickhouse, q statement) (rows [][]any) {
			_, where, _ := strings.Cut(q.text, " WHERE ")
			account := ofAccount.FindStringSubmatch(strings.TrimSuffix(where, " ORDER BY month"))[1]
			months := map[uint32]bool{}
			for _, conn := range c.connections {
				if at := conn.StartedAt.UTC(); conn.Account == account && !conn.Deleted {
					months[uint32(at.Year()*100+int(at.Month()))] = true
				}
			}
			for month := range months {
				rows = append(rows, []any{month})
			}
			return rows
		},
	},
	{
		"SELECT count() FROM (SELECT uid FROM alpemix.connection_rows", []string{"count() UInt64"},
		func(c *clickhouse, q statement) [][]any {
			return [][]any{{uint64(len(c.severalStarts(q.value("account"))))}}
		},
	},
	{
		"INSERT INTO alpemix.connection_rows\nWITH moved AS", nil,
		func(c *clickhouse, q statement) [][]any {
			newest := c.severalStarts(q.value("account"))
			for key, conn := range maps.Clone(c.connections) {
				if n, several := newest[key.uidKey]; several && !conn.Deleted && !conn.StartedAt.Equal(n.StartedAt) {
					conn.Deleted, conn.Version = true, conn.Version+1
					c.keep(conn)
				}
			}
			return nil
		},
	},
	{
		"INSERT INTO alpemix.", nil,
		func(c *clickhouse, q statement) [][]any {
			c.rename(parseMove(q.text))
			return nil
		},
	},
}

// keep stores a connection as a replacing table shows it, and tells whether the row counts.
func (c *clickhouse) keep(conn report.Connection) bool {
	uid := uidKey{conn.Account, conn.UID}
	key := rowKey{uid, conn.StartedAt.Unix()}
	old, known := c.connections[key]
	if known && old.Version > conn.Version {
		return false
	}
	if known && old.Version < conn.Version {
		c.before[key] = old
	}
	if known && !old.Deleted {
		c.live[uid]--
	}
	if !conn.Deleted {
		c.live[uid]++
	}
	c.connections[key] = conn
	return true
}

func (c *clickhouse) keepReject(r reject) {
	if key := (rejectKey{r.Account, r.Hash}); c.rejects[key].Version <= r.Version {
		c.rejects[key] = r
	}
}

func (c *clickhouse) keepDay(d dayRow) bool {
	key := dayKey{d.Account, d.Day}
	if c.days[key].Version > d.Version {
		return false
	}
	c.days[key] = d
	return true
}
