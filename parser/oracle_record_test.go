package parser

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"alpemix-collector/report"
)

// strictRecord is what raw means, which is one object of strict JSON, and why it is rejected. It is false for what is no such
// object, or lies deeper than the parser's bound. The zone of src has no clock changes.
func strictRecord(raw []byte, src Source) (c report.Connection, reason string, ok bool) {
	var members map[string]json.RawMessage
	if !utf8.Valid(raw) || len(raw) > MaxRecord || json.Unmarshal(raw, &members) != nil || members == nil || nesting(raw) > maxDepth+1 {
		return c, "", false
	}
	o := oracle{members: spelled(raw, members), src: src}
	o.c = report.Connection{
		Account: src.Account, FetchedAt: src.FetchedAt.UTC(), FirstSeenAt: src.FetchedAt.UTC(), Version: uint64(src.FetchedAt.UnixMicro()),
	}
	if o.c.UID = o.text("uid"); strings.TrimSpace(o.c.UID) == "" {
		o.reject(reasonUIDMissing)
	}
	o.start()
	o.duration()
	for key, field := range map[string]*string{
		"exp": &o.c.Explanation, "supnum": &o.c.SupportNumber,
		"uname": &o.c.Staff.Name, "ip": &o.c.Staff.IP, "lip": &o.c.Staff.LocalIP, "unum": &o.c.Staff.Device, "aid": &o.c.Staff.AlpemixID,
		"tuname": &o.c.Target.Name, "tip": &o.c.Target.IP, "tlip": &o.c.Target.LocalIP, "tunum": &o.c.Target.Device, "taid": &o.c.Target.AlpemixID,
	} {
		*field = o.text(key)
	}
	switch dir := o.text("dir"); strings.TrimSpace(dir) {
	case "0":
		o.c.Mode = report.ModeSupport
	case "1":
		o.c.Mode = report.ModePresentation
	}
	return o.c, o.reason, true
}

// spelled adds the members that are there in another case only under the name of alpemix.txt.
func spelled(raw []byte, members map[string]json.RawMessage) map[string]json.RawMessage {
	all := maps.Clone(members)
	eachMember(raw, func(key string, value json.RawMessage) {
		for _, name := range fieldNames {
			if _, exact := members[name]; !exact && strings.EqualFold(key, name) {
				all[name] = value
			}
		}
	})
	return all
}

type oracle struct {
	members map[string]json.RawMessage // of a key that comes twice the last
	src     Source
	c       report.Connection
	reason  string // the first
}

func (o *oracle) reject(reason string) {
	if o.reason == "" {
		o.reason = reason
	}
}

// text is a value as a text: that in it, a number as it stands, nothing for null.
func (o *oracle) text(key string) (s string) {
	v := o.members[key]
	switch {
	case len(v) == 0, string(v) == "null":
	case v[0] == '"':
		if err := json.Unmarshal(v, &s); err != nil {
			panic(err)
		}
	case strings.ContainsRune("-0123456789", rune(v[0])):
		return string(v)
	default:
		o.reject(reasonWrongType)
	}
	return s
}

var dtForms = []*regexp.Regexp{
	regexp.MustCompile(`^(\d\d?):(\d\d?):(\d\d?) +(\d\d?)\\{1,2}(\d\d?)\\{1,2}(\d{4})$`),
	regexp.MustCompile(`^(\d\d?):(\d\d?):(\d\d?) +(\d\d?)/(\d\d?)/(\d{4})$`),
	regexp.MustCompile(`^(\d\d?):(\d\d?):(\d\d?) +(\d\d?)\.(\d\d?)\.(\d{4})$`),
	regexp.MustCompile(`^(\d\d?):(\d\d?):(\d\d?) +(\d\d?)-(\d\d?)-(\d{4})$`),
}

func (o *oracle) start() {
	if v := o.members["dt"]; len(v) > 0 && v[0] != '"' && string(v) != "null" {
		o.reject(reasonWrongType)
		return
	}
	dt := strings.TrimSpace(o.text("dt"))
	if dt == "" {
		o.reject(reasonDTMissing)
		return
	}
	for _, form := range dtForms {
		m := form.FindStringSubmatch(dt)
		if m == nil {
			continue
		}
		at, err := time.ParseInLocation("15:4:5 2 1 2006", strings.Join(m[1:4], ":")+" "+strings.Join(m[4:], " "), o.src.Location)
		if err != nil {
			break
		}
		o.c.StartedAt, o.c.LocalDay = at.UTC(), report.DayOf(at)
		if at.Year() < 2000 || at.After(o.src.FetchedAt.Add(Grace)) {
			o.reject(reasonDTOutOfRange)
		}
		return
	}
	o.reject(reasonDTImpossible)
}

var decimal = regexp.MustCompile(`^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$`)

func (o *oracle) duration() {
	key := "dur"
	if v := o.members[key]; len(v) == 0 || string(v) == "null" {
		key = "dur:"
	}
	s := strings.TrimSpace(o.text(key))
	switch {
	case s == "":
		return
	case !decimal.MatchString(s):
		o.reject(reasonWrongType)
		return
	}
	n, err := strconv.ParseFloat(s, 64)
	switch n = math.Floor(n); {
	case n < 0:
		o.reject(reasonDurationNegative)
	case err != nil, n > 366*86400, o.c.StartedAt.Unix()+int64(n) > o.src.FetchedAt.Add(Grace).Unix():
		o.reject(reasonDurationAbsurd)
	default:
		o.c.Duration = time.Duration(n) * time.Second
	}
}

// unknownKeys counts the members of raw that alpemix.txt does not explain.
func unknownKeys(raw []byte) (n int) {
	eachMember(raw, func(key string, _ json.RawMessage) {
		if !slices.ContainsFunc(fieldNames[:], func(name string) bool { return strings.EqualFold(key, name) }) {
			n++
		}
	})
	return n
}

func eachMember(raw []byte, f func(key string, value json.RawMessage)) {
	d := json.NewDecoder(bytes.NewReader(raw))
	for _, _ = d.Token(); d.More(); { // the opening brace
		key, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			panic(err)
		}
		f(key.(string), value)
	}
}
