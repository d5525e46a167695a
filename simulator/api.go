package simulator

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"alpemix-collector/report"
)

// Error numbers of alpemix.txt that the vendor finds itself; the others come from faults.
const (
	stepMissing        = 100
	stepWrong          = 101
	credentialsWrong   = 102
	credentialsUnsafe  = 104
	parametersWrong    = 106
	requestUndefined   = 107
	recordMissing      = 200
	addressChanged     = 201
	tokenExpired       = 202
	tokenUnknown       = 203
	tokenLimit         = 204
	reportLimit        = 205
	notTheAPI          = -1
	longestRequestBody = 64 << 10
)

// call is a request as far as it can be understood.
type call struct {
	Request
	code    int // what is wrong with it before credentials and limits are looked at
	account *Account
	token   string
}

// understand reads a request without changing anything.
func (v *Vendor) understand(r *http.Request) (c call, err error) {
	c = call{Request: Request{At: v.now(), IP: v.ip(r)}}
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(io.LimitReader(r.Body, longestRequestBody)); err != nil {
			return c, fmt.Errorf("reading the request: %w", err)
		}
	}
	base, _ := v.quirksOf("")
	if r.URL.Path != "/api" {
		c.code = notTheAPI
		return c, nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != cmp.Or(base.Method, http.MethodPost) || kind != cmp.Or(base.RequestType, "application/json") || r.ContentLength <= 0 {
		c.code = stepMissing // the body was not read
		return c, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		c.code = stepMissing
		return c, nil
	}
	step, present := fields["stepnumber"]
	switch {
	case !present:
		c.code = stepMissing
	case string(step) == "1":
		v.understandToken(&c, fields)
	case string(step) == "2":
		v.understandReport(&c, fields)
	default:
		c.code = stepWrong
	}
	return c, nil
}

func (v *Vendor) understandToken(c *call, fields map[string]json.RawMessage) {
	c.Kind = report.Token
	user, secret := textOf(fields["mainusername"]), textOf(fields["secretkey"])
	switch {
	case user == "" || secret == "":
		c.code = credentialsWrong
	case unsafe(user) || unsafe(secret):
		c.code = credentialsUnsafe
	default:
		c.code = recordMissing
		for i := range v.accounts {
			if a := &v.accounts[i]; a.Username == user && a.SecretKey == secret {
				c.code, c.account, c.Account = 0, a, a.Name
			}
		}
	}
}

func (v *Vendor) understandReport(c *call, fields map[string]json.RawMessage) {
	c.Kind = report.Today
	c.token = textOf(fields["accesstoken"])
	var number, last float64
	wrong := json.Unmarshal(fields["requestnumber"], &number) != nil || c.token == ""
	if raw, present := fields["lastxconnection"]; present {
		wrong = wrong || json.Unmarshal(raw, &last) != nil || last < 0 || last != float64(int(last))
	}
	switch {
	case wrong:
		c.code = parametersWrong
	case number == 2:
		c.Kind = report.Yesterday
	case number != 1:
		c.code = requestUndefined
	case last > 0:
		c.Kind, c.Last = report.Latest, int(last)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if t, known := v.tokens[c.token]; known {
		c.Account = t.account
	}
}

// decide counts the call and returns the error number of its answer; 0 lets it through.
func (v *Vendor) decide(now time.Time, c *call, f Fault) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	code := v.judge(v.elapsed(), c, f)
	v.stats.Requests[c.Kind]++
	v.stats.Answers[code]++
	if v.record {
		v.stats.Log = append(v.stats.Log, Entry{At: now, Kind: c.Kind, Account: c.Account, IP: c.IP, Code: code})
	}
	return code
}

func (v *Vendor) judge(now time.Time, c *call, f Fault) int {
	if f.Block > 0 {
		v.block(now, c.IP, f.Block)
	}
	if t, known := v.tokens[c.token]; known && f.Expire {
		t.expires = now
		v.tokens[c.token] = t
	}
	within := true
	if c.Kind != "" {
		scope := c.IP
		if v.limits.PerAccount && c.Account != "" {
			scope = c.Account
		}
		within = v.count(now, c.Kind, scope)
	}
	switch {
	case f.Page != "" || f.Status != 0:
		return notTheAPI
	case now.Before(v.blocked[c.IP]) && (c.Kind == report.Token || !v.limits.BlockTokensOnly):
		return tokenLimit
	case !within && c.Kind == report.Token:
		v.block(now, c.IP, v.limits.Block)
		return tokenLimit
	case !within:
		return reportLimit
	case f.ErrorNumber != 0:
		return f.ErrorNumber
	case c.code != 0 || c.Kind == report.Token:
		return c.code
	}
	return v.admit(now, c)
}

// admit looks at the token of a report request.
func (v *Vendor) admit(now time.Time, c *call) int {
	t, known := v.tokens[c.token]
	switch {
	case !known:
		return tokenUnknown
	case !now.Before(t.expires):
		return tokenExpired
	case t.ip != c.IP:
		return addressChanged
	}
	return 0
}

// issue makes the access token of a granted call.
func (v *Vendor) issue(now time.Time, c *call) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := stream(v.world.Seed, hashOf(c.Account), uint64(len(v.tokens)), uint64(now.UnixNano()))
	name := hex.EncodeToString(fmt.Appendf(nil, "%016x%016x", r.next(), r.next()))
	v.tokens[name] = token{account: c.Account, ip: c.IP, expires: v.elapsed().Add(v.limits.TokenLife)}
	return name
}

// unsafe reports whether a credential is "not in secure format": has what could end an SQL string or a JSON one.
func unsafe(s string) bool { return len(s) > 128 || strings.ContainsAny(s, "'\"\\;<>\r\n\t\x00 ") }

// textOf is the string that raw holds, "" if it holds none.
func textOf(raw json.RawMessage) string {
	var s *string
	if len(raw) == 0 || json.Unmarshal(bytes.TrimSpace(raw), &s) != nil || s == nil {
		return ""
	}
	return *s
}
