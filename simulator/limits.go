package simulator

import (
	"cmp"
	"time"

	"alpemix-collector/report"
)

// Limits are the vendor's; a zero field means the document's value, or a guess where it gives none.
type Limits struct {
	Tokens     int           // token requests in any Window: 5
	Reports    int           // report requests in any Window: 3
	Window     time.Duration // 60 s
	Block      time.Duration // how long an IP is blocked: 15 min
	TokenLife  time.Duration // 24 h
	PerAccount bool          // each account has its own count; otherwise all accounts of an IP share one
	// BlockTokensOnly lets a blocked IP go on reading reports with a token that it has.
	BlockTokensOnly bool
}

func (l Limits) withDefaults() Limits {
	l.Tokens = cmp.Or(l.Tokens, 5)
	l.Reports = cmp.Or(l.Reports, 3)
	l.Window = cmp.Or(l.Window, time.Minute)
	l.Block = cmp.Or(l.Block, 15*time.Minute)
	l.TokenLife = cmp.Or(l.TokenLife, 24*time.Hour)
	return l
}

// Stats is what the vendor counted.
type Stats struct {
	Requests   map[report.Kind]int // every request by kind, refused ones included; "" are those that could not be read
	Answers    map[int]int         // by errornumber; -1 are answers that are not the API's, such as HTML pages
	Peak       map[string]int      // "token" and "report": the most requests in any Window, over all scopes
	Violations []Violation
	Blocks     []Block
	Log        []Entry // every request; only with Options.Record
}

// Violation is a request over a limit.
type Violation struct {
	At    time.Time
	Kind  report.Kind
	Scope string // the IP or account whose count it was
	Count int    // requests in the Window that ends At
}

// Block is an IP's exclusion.
type Block struct {
	From, Until time.Time
	IP          string
}

// Entry is one request as it was counted.
type Entry struct {
	At      time.Time
	Kind    report.Kind
	Account string
	IP      string
	Code    int // errornumber of the answer, -1 if it was not the API's
}

// window is the sliding log of one scope and kind. A request exactly one window ago no longer counts.
type window []time.Time

// hit adds a request and returns how many there are.
func (w *window) hit(now time.Time, length time.Duration) int {
	old := 0
	for old < len(*w) && now.Sub((*w)[old]) >= length {
		old++
	}
	*w = append((*w)[old:], now)
	return len(*w)
}

// count records a request in scope and reports whether it keeps the limit. Refused requests count, too: nobody knows whether
// the vendor's do, and a client that keeps the limits does not notice.
func (v *Vendor) count(now time.Time, kind report.Kind, scope string) bool {
	family, limit := "report", v.limits.Reports
	if kind == report.Token {
		family, limit = "token", v.limits.Tokens
	}
	key := family + " " + scope
	if v.windows[key] == nil {
		v.windows[key] = new(window)
	}
	n := v.windows[key].hit(now, v.limits.Window)
	v.stats.Peak[family] = max(v.stats.Peak[family], n)
	if n <= limit {
		return true
	}
	v.stats.Violations = append(v.stats.Violations, Violation{At: now, Kind: kind, Scope: scope, Count: n})
	return false
}

// block excludes ip from now on.
func (v *Vendor) block(now time.Time, ip string, length time.Duration) {
	v.blocked[ip] = now.Add(length)
	v.stats.Blocks = append(v.stats.Blocks, Block{From: now, Until: v.blocked[ip], IP: ip})
}
