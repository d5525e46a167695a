package vendortest

import (
	"regexp"
	"runtime"
	"slices"
	"testing"
	"time"

	"alpemix-collector/report"
)

var reasons = regexp.MustCompile(`^[a-z][a-z0-9_]{2,30}$`)

// Fuzz answers every call with arbitrary bytes that hold a secret somewhere. It checks that nothing
// panics or hangs, memory stays in proportion, and every error is a failure with a known reason
// that shows no secret.
func Fuzz(f *testing.F, calls []Call, bodies ...string) {
	for i, call := range calls {
		if good, ok := call.Good.(string); ok {
			bodies = append(bodies, good)
		}
		f.Add([]byte("{}"), 200, "application/json", i, i)
	}
	for i, body := range bodies {
		f.Add([]byte(body), 200, "application/json; charset=utf-8", -1, i)
		f.Add([]byte(body), []int{200, 400, 401, 404, 429, 500, 503}[i%7], "text/plain; charset=iso-8859-2", len(body)*i/len(bodies), i)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int, contentType string, at, way int) {
		defer time.AfterFunc(time.Minute, func() { panic("this input hangs") }).Stop()
		for _, call := range calls {
			answer := body
			if n := len(call.Secrets); at >= 0 && n > 0 {
				forms := spellings(call.Secrets[abs(way)%n])
				answer = slices.Insert(slices.Clone(body), at%(len(body)+1), []byte(forms[abs(way)/n%len(forms)])...)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := call.Do(t.Context(), t, New(t, Reply(status, contentType, string(answer))))
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20+uint64(len(answer))*300 {
				t.Errorf("%s: %d bytes of memory for an answer of %d", call.Job, used, len(answer))
			}
			if err == nil {
				continue
			}
			fail, ok := err.(*report.Failure)
			if !ok || !reasons.MatchString(fail.Reason) || fail.Class == "" || fail.Kind != report.Kind(call.Job) {
				t.Fatalf("%s: %#v", call.Job, err)
			}
			if call.Changes && fail.Class == report.Transient && fail.Code == 0 {
				t.Errorf("%s: after %v it may have been carried out", call.Job, err)
			}
			CheckError(t, err, call.Job, call.Secrets)
		}
	})
}

func abs(n int) int { return max(n, -max(n, -1<<62)) }
