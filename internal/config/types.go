package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"alpemix-collector/internal/secret"
)

// DSN is "embedded" or a ClickHouse address, which may carry a password; it prints without it.
type DSN string

// Embedded reports whether the engine runs as our own child process.
func (d DSN) Embedded() bool { return d == "embedded" }

// Reveal is the address with its password.
func (d DSN) Reveal() string { return string(d) }

var userPassword = regexp.MustCompile(`^([a-z]+://[^:@/?]*):.*@`)

// String is the address without its passwords: that of the user, those of the query, and those of addresses in the query.
func (d DSN) String() string {
	address, query, hasQuery := strings.Cut(userPassword.ReplaceAllString(string(d), "$1:"+secret.Redacted+"@"), "?")
	if !hasQuery {
		return address
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, _, _ := strings.Cut(pair, "="); mayHoldSecret(pair) {
			pairs[i] = name + "=" + secret.Redacted
		}
	}
	return address + "?" + strings.Join(pairs, "&")
}

// secretNames are parts of the names of parameters whose values are secret.
var secretNames = []string{"pass", "pwd", "secret", "token", "key", "auth", "cred", "jwt", "proxy", "header", "cookie"}

// mayHoldSecret judges a parameter as the driver reads it, with %XX taken apart.
func mayHoldSecret(pair string) bool {
	name, value, _ := strings.Cut(pair, "=")
	name, badName := url.QueryUnescape(name)
	value, badValue := url.QueryUnescape(value)
	return badName != nil || badValue != nil || strings.ContainsAny(value, "@;") || strings.Contains(name, ";") ||
		slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(strings.ToLower(name), part) })
}

// GoString keeps %#v from printing the password.
func (d DSN) GoString() string { return d.String() }

// LogValue keeps structured logs from printing the password.
func (d DSN) LogValue() slog.Value { return slog.StringValue(d.String()) }

// MarshalText keeps encoders from printing the password.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

var addresses = regexp.MustCompile(`^(clickhouse|https?)://([^@]*@)?[^/?@]+(/[^?]*)?(\?.*)?$`)

// problem returns why the address cannot be used, "" if it can. It shows nothing of it: what cannot be taken apart may hold a
// password anywhere.
func (d DSN) problem() string {
	if d.Embedded() {
		return ""
	}
	if problem := flaw(string(d)); problem != "" {
		return problem
	}
	if !addresses.MatchString(string(d)) {
		return "has to be embedded, clickhouse://user@host:9000/alpemix, http://user@host:8123/alpemix or https://user@host:8443/alpemix"
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return "is not an address of the form http://user@host:8123/alpemix; the port has to be a number, and in user and password %XX stands for special characters"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Sprintf("port %s is none; ports go from 1 to 65535", port)
		}
	}
	names, password := d.logins()
	for _, text := range append(names, password) {
		if problem := flaw(text); problem != "" {
			return "the user or password in it " + problem
		}
	}
	return ""
}

// logins are the user names in the address, and the password that the driver would send.
func (d DSN) logins() (names []string, password string) {
	u, err := url.Parse(string(d))
	if err != nil || d.Embedded() {
		return nil, ""
	}
	password, _ = u.User.Password()
	names = append(names, u.User.Username(), u.Query().Get("username"), u.Query().Get("user"))
	return names, cmp.Or(u.Query().Get("password"), password)
}

func (d DSN) hasPassword() bool {
	_, password := d.logins()
	return password != ""
}

// database is what the address names: database= in its query, else its path.
func (d DSN) database() string {
	if u, err := url.Parse(string(d)); err == nil && u.Query().Get("database") != "" {
		return u.Query().Get("database")
	}
	_, rest, _ := strings.Cut(string(d), "://")
	rest = rest[strings.LastIndex(rest, "@")+1:]
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	return path
}

// Duration is a length of time; beyond Go's units it knows d, a day of 24 hours.
type Duration time.Duration

// Std is d as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

var days = regexp.MustCompile(`^(\d+)d(.*)$`)

// ParseDuration reads 90s, 1h30m, 400d, 1d12h or 0.
func ParseDuration(s string) (Duration, error) {
	var total, rest time.Duration
	m := days.FindStringSubmatch(s)
	tail := s
	if m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > math.MaxInt64/int64(24*time.Hour) {
			return 0, fmt.Errorf("%q is longer than the 292 years that a duration can be", s)
		}
		total, tail = time.Duration(n)*24*time.Hour, m[2]
	}
	if tail != "" {
		var err error
		if rest, err = time.ParseDuration(tail); err != nil || rest < 0 {
			return 0, fmt.Errorf("%q is not a duration; for example 20s, 1h30m or 400d", s)
		}
	}
	if s == "" || total+rest < 0 {
		return 0, fmt.Errorf("%q is not a duration; for example 20s, 1h30m or 400d", s)
	}
	return Duration(total + rest), nil
}

func (d Duration) String() string {
	const day = Duration(24 * time.Hour)
	switch {
	case d == 0:
		return "0"
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := time.Duration(d).String()
	for _, zero := range []string{"m0s", "h0m"} { // 1m0s and 1h0m read better as 1m and 1h
		if strings.HasSuffix(s, zero) {
			s = strings.TrimSuffix(s, zero[1:])
		}
	}
	return s
}

// MarshalText writes the form that ParseDuration reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
