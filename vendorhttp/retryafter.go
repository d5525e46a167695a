package vendorhttp

import (
	"net/http"
	"strings"
	"time"
)

// How long a server is left alone after it asks for a pause, or answers "too many requests" without
// saying how long.
const (
	throttleLeast = time.Second
	throttleUsual = time.Minute
	throttleMost  = time.Hour
)

// retryAfter parses a Retry-After header: seconds, or a date. A date is compared with the server's
// own clock, if the answer has a Date. The wait is limited to between a second and an hour. ok is
// false if there is no valid header.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if digits := strings.TrimLeft(text, "0123456789"); text != "" && digits == "" {
		return clamp(seconds(text)), true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if serverTime, err := http.ParseTime(h.Get("Date")); err == nil {
		now = serverTime
	}
	return clamp(at.Sub(now)), true
}

// seconds parses digits. Numbers that are too long count as throttleMost.
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

func clamp(wait time.Duration) time.Duration {
	return min(max(wait, throttleLeast), throttleMost)
}
