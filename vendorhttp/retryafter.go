package vendorhttp

import (
	"net/http"
	"strings"
	"time"
)

// How long a server is left alone that asks for it, or for too many requests does not say how long.
const (
	throttleLeast = time.Second
	throttleUsual = time.Minute
	throttleMost  = time.Hour
)

// retryAfter reads a Retry-After header: seconds, or a date. A date is held against the server's own
// clock where the answer has one in Date, so that no clock need be right. What it says is brought
// between a second and an hour; said is false if there is none, or none that can be read.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, said bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if digits := strings.TrimLeft(text, "0123456789"); text != "" && digits == "" {
		return bounded(seconds(text)), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return bounded(at.Sub(now)), true
}

// seconds reads digits; more than fit are many.
func seconds(digits string) time.Duration {
	if digits = strings.TrimLeft(digits, "0"); len(digits) > 6 {
		return throttleMost
	}
	n := 0
	for _, digit := range digits {
		n = 10*n + int(digit-'0')
	}
	return time.Duration(n) * time.Second
}

func bounded(wait time.Duration) time.Duration {
	return min(max(wait, throttleLeast), throttleMost)
}
