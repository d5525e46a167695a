package config

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"alpemix-collector/internal/secret"
	"alpemix-collector/web"
)

// check runs the checks named beside a key.
func (l *loader) check(f field, _ []field, at place) error {
	for rule := range strings.SplitSeq(f.tag.Get("check"), ",") {
		if problem := apply(rule, f.key, f.value); problem != "" {
			if s, ok := f.value.Interface().(secret.Value); ok && s.IsFromFile() {
				at.path += "_file"
			}
			return l.errorf(at, "%s", problem)
		}
	}
	return nil
}

// apply gives the problem that a rule has with a value, "" if none. An empty list, number or optional text passes.
func apply(rule, key string, v reflect.Value) string {
	if s, ok := v.Interface().(secret.Value); ok {
		switch {
		case rule == "required" && s.Empty():
			return fmt.Sprintf("is missing; give %s_file, the path of a file that holds it, or %s", key, key)
		case !s.IsFromFile() && flaw(s.Reveal()) != "":
			return flaw(s.Reveal())
		case rule == "address" && !s.Empty():
			return checkAddress(s.Reveal(), "")
		}
		return ""
	}
	if rule == "required" && v.IsZero() {
		return "is missing"
	}
	rule, argument, _ := strings.Cut(rule, "=")
	switch value := v.Interface().(type) {
	case int:
		if rule == "positive" && value < 1 {
			return fmt.Sprintf("%d is too small; the least is 1", value)
		}
	case Duration:
		return durationRules(rule, value)
	case []int:
		if rule == "percents" {
			return checkPercents(value)
		}
	case []string:
		if rule == "hosts" {
			return checkHosts(value)
		}
		if rule == "columns" && len(value) > 0 {
			return "pseudonymized columns are not available in this version; it has to be []"
		}
	case DSN:
		return value.problem()
	case string:
		f, ok := textRules[rule]
		switch {
		case ok && value != "":
			return f(value, argument)
		case ok && !slices.Contains(mayBeEmpty, rule):
			return "is empty; leave the key out for its default"
		}
	}
	return ""
}

var (
	databases = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	clusters  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// leastRetention leaves a day time to be sealed before its rows go; mostRetention keeps the end of it inside ClickHouse's DateTime.
const (
	leastRetention = Duration(7 * 24 * time.Hour)
	mostRetention  = Duration(50 * 365 * 24 * time.Hour)
)

func durationRules(rule string, d Duration) string {
	switch {
	case rule == "second" && d < Duration(time.Second):
		return fmt.Sprintf("%s is too short; the least is 1s", d)
	case rule == "retention" && d != 0 && d < leastRetention:
		return fmt.Sprintf("%s is too short; give 0 for ever, or at least %s", d, leastRetention)
	case rule == "retention" && d > mostRetention:
		return fmt.Sprintf("%s is too long; give 0 for ever, or at most %s", d, mostRetention)
	}
	return ""
}

var textRules = map[string]func(value, argument string) string{
	"zone":         checkZone,
	"oneof":        checkOneOf,
	"listen":       checkListen,
	"loopback":     checkLoopback,
	"url":          checkURL,
	"address":      checkAddress,
	"cron":         checkCron,
	"label":        checkLabel,
	"login":        checkLogin,
	"database":     checkDatabase,
	"cluster":      checkCluster,
	"readable":     checkReadable,
	"web":          checkWeb,
	"certificates": checkCertificates,
}

// mayBeEmpty are the rules of keys whose empty text means something.
var mayBeEmpty = []string{"cluster", "login", "readable", "web", "certificates"}

// mostPercent is far beyond any use of an allotment that is worth an event of its own.
const mostPercent = 1000

func checkPercents(values []int) string {
	for i, value := range values {
		switch {
		case value < 1 || value > mostPercent:
			return fmt.Sprintf("%d is no threshold; give percent from 1 to %d, for example 80", value, mostPercent)
		case slices.Contains(values[:i], value):
			return fmt.Sprintf("%d is given twice", value)
		}
	}
	return ""
}

// hostNames are as browsers send them: without scheme, port and path, and other alphabets as xn--….
var hostNames = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`)

func checkHosts(values []string) string {
	for _, value := range values {
		if !hostNames.MatchString(value) && net.ParseIP(value) == nil {
			return fmt.Sprintf("%q is not a host name; give it without scheme, port and path, for example collector.example.com", value)
		}
	}
	return ""
}

func checkZone(value, _ string) string {
	if _, err := time.LoadLocation(value); err != nil || value == "Local" {
		return fmt.Sprintf("%q is not a time zone of the IANA database; for example Europe/Istanbul or UTC", value)
	}
	return ""
}

func checkOneOf(value, argument string) string {
	if choices := strings.Split(argument, "|"); !slices.Contains(choices, value) {
		return fmt.Sprintf("%q is not one of %s", value, strings.Join(choices, ", "))
	}
	return ""
}

func checkListen(value, _ string) string {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Sprintf("%q is not an address of the form host:port; for example 127.0.0.1:9187", value)
	}
	return ""
}

func checkLoopback(value, _ string) string {
	host, port, _ := net.SplitHostPort(value)
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Sprintf("%q is not a loopback address; the embedded engine has no users, so it listens on 127.0.0.1, [::1] or localhost only", value)
	}
	if port == "0" {
		return fmt.Sprintf("%q leaves the port open; commands beside the daemon have to find it, give one such as 127.0.0.1:8123", value)
	}
	return ""
}

// checkAddress shows nothing of the value: it may hold a login anywhere.
func checkAddress(value, _ string) string {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return "is not a web address; it opens with https:// and a host"
	}
	return ""
}

func checkURL(value, _ string) string {
	if problem := checkAddress(value, ""); problem != "" {
		return problem
	}
	u, err := url.Parse(value)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "has to be a plain web address, without user, ? or #"
	}
	return ""
}

func checkLabel(value, _ string) string {
	if err := secret.Check(value); err != nil {
		return fmt.Sprintf("%q %s; a name is plain text such as main", value, err)
	}
	return ""
}

// checkLogin is for names that are sent with a secret.
func checkLogin(value, _ string) string { return flaw(value) }

// flaw is what is wrong with a secret or a login name, "" if nothing is.
func flaw(value string) string {
	if err := secret.Check(value); err != nil {
		return err.Error()
	}
	return ""
}

func checkDatabase(value, _ string) string {
	if !databases.MatchString(value) {
		return fmt.Sprintf("%q is not a database name; letters, digits and _ only, for example alpemix", value)
	}
	if slices.Contains([]string{"default", "system", "information_schema"}, strings.ToLower(value)) {
		return fmt.Sprintf("%q is ClickHouse's own database; take one of its own, for example alpemix", value)
	}
	return ""
}

func checkCluster(value, _ string) string {
	if !clusters.MatchString(value) {
		return fmt.Sprintf("%q is not a cluster name; letters, digits, _ . and - only", value)
	}
	return ""
}

func checkReadable(value, _ string) string {
	f, err := os.Open(value)
	if err != nil {
		return fmt.Sprintf("cannot read %s: %s", value, cause(err))
	}
	defer func() { _ = f.Close() }() // opened for the question only
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return fmt.Sprintf("%s is a folder; name the file in it", value)
	}
	return ""
}

// checkWeb reads TLS and logins of the web server as it does when it starts.
func checkWeb(value, _ string) string {
	if _, err := web.ProtectionOf(value); err != nil {
		return fmt.Sprintf("%s: %v; the format is that of Prometheus's exporter-toolkit", value, err)
	}
	return ""
}

// largestBundle is far above what any list of authorities holds; a device has no end.
const largestBundle = 16 << 20

func checkCertificates(value, _ string) string {
	if problem := checkReadable(value, ""); problem != "" {
		return problem
	}
	text, err := readUpTo(value, largestBundle)
	if err != nil {
		return fmt.Sprintf("cannot read %s: %s", value, cause(err))
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		return fmt.Sprintf("%s holds no certificate in PEM form, -----BEGIN CERTIFICATE-----", value)
	}
	return ""
}
