package simulator

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"alpemix-collector/report"
)

func (b *bench) latest(token string) string {
	b.t.Helper()
	return b.post(fmt.Sprintf(`{"stepnumber":2,"accesstoken":%q,"requestnumber":1,"lastxconnection":1}`, token))
}

func TestReportLimitSlides(t *testing.T) {
	b := newBench(t, Options{})
	token, start := b.token(), b.now
	for _, step := range []struct {
		at  time.Duration
		bad bool
	}{
		{0, false}, {time.Second, false}, {59 * time.Second, false},
		{time.Minute - 1, true}, // the first is less than 60 s ago
		{time.Minute + time.Second, false},
		// Refused ones count: 59 s, 60 s-1, 61 s, and this one; the second of them is gone 60 s later, on the dot.
		{119*time.Second - 1, true},
		{2*time.Minute - 1, false}, {2*time.Minute + time.Second, false},
		{179*time.Second - 1, false},
	} {
		b.now = start.Add(step.at)
		if refused := b.latest(token) == failure(205); refused != step.bad {
			t.Errorf("after %s: refused is %t", step.at, refused)
		}
	}
	s := b.Stats()
	if s.Peak["report"] != 4 || len(s.Violations) != 2 || s.Answers[205] != 2 || len(s.Blocks) != 0 {
		t.Errorf("%+v", s)
	}
	if want := (Violation{At: start.Add(time.Minute - 1), Kind: report.Latest, Scope: b.ip, Count: 4}); s.Violations[0] != want {
		t.Errorf("%+v, want %+v", s.Violations[0], want)
	}
}

func TestWindowOfExactlyOneMinute(t *testing.T) {
	var w window
	start := time.Unix(0, 0)
	var got []int
	for _, at := range []time.Duration{0, 0, 30 * time.Second, time.Minute - 1, time.Minute, 90 * time.Second, 10 * time.Minute} {
		got = append(got, w.hit(start.Add(at), time.Minute))
	}
	if want := []int{1, 2, 3, 4, 3, 3, 1}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestSixthTokenRequestBlocksTheIP(t *testing.T) {
	for _, tokensOnly := range []bool{false, true} {
		b := newBench(t, Options{Limits: Limits{Block: 5 * time.Minute, BlockTokensOnly: tokensOnly}})
		token := b.token()
		for range 4 {
			b.now = b.now.Add(10 * time.Second)
			b.token()
		}
		b.now = b.now.Add(10 * time.Second)
		blocked := b.now
		const ask = `{"stepnumber":1,"secretkey":"s3cr3t","mainusername":"acme"}`
		if got := b.post(ask); got != failure(204) {
			t.Fatalf("the sixth: %s", got)
		}
		b.now = blocked.Add(5*time.Minute - 1)
		if got := b.post(ask); got != failure(204) {
			t.Errorf("in the block: %s", got)
		}
		if refused := b.latest(token) == failure(204); refused == tokensOnly {
			t.Errorf("tokens only %t: a report in the block is refused %t", tokensOnly, refused)
		}
		b.ip = "198.18.7.9"
		b.token()
		b.ip = "198.18.7.7"
		b.now = blocked.Add(5 * time.Minute)
		b.token()
		if s := b.Stats(); s.Peak["token"] != 6 || len(s.Violations) != 1 || !reflect.DeepEqual(s.Blocks, []Block{{blocked, blocked.Add(5 * time.Minute), b.ip}}) {
			t.Errorf("%+v", s)
		}
	}
}

func TestScopeOfLimits(t *testing.T) {
	for _, perAccount := range []bool{false, true} {
		b := newBench(t, Options{Accounts: []Account{{Name: "acme", SecretKey: "s3cr3t"}, {Name: "other"}}, Limits: Limits{PerAccount: perAccount}})
		mine := b.token()
		other := tokenAnswer.FindStringSubmatch(b.post(`{"stepnumber":1,"secretkey":"secret-other","mainusername":"other"}`))[1]
		for range 3 {
			b.latest(mine)
		}
		if refused := b.latest(other) == failure(205); refused == perAccount {
			t.Errorf("per account %t: the other account is refused %t", perAccount, refused)
		}
	}
}
