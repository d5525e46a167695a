package web

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// need skips the test if something that it needs is missing. In CI the test fails instead.
func need(t testing.TB, have bool, what string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("CI") != "":
		t.Fatal(what)
	default:
		t.Skip(what)
	}
}

// chromium runs a browser until the test ends.
func chromium(t testing.TB) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	need(t, err == nil, "chromium is missing; apt-get install chromium")
	need(t, builtIn().charts(), "the chart library is not built in; make charts")
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is a page in a browser. Any complaint of the browser fails the test.
type tab struct {
	testing.TB
	context.Context
	mu         sync.Mutex
	complaints []string
	offline    bool // a refused connection is no complaint
}

// patience limits waits for what takes a second on an idle machine.
const patience = 30 * time.Second

// sleepScript lets a test set the browser's clock forward, like a laptop that wakes up.
const sleepScript = `window.slept = 0; const now = Date.now; Date.now = () => now() + window.slept;
	document.addEventListener('securitypolicyviolation', e => console.error('refused by the policy: ' + e.violatedDirective + ' ' + e.blockedURI));`

// step is an action on a tab.
type step = chromedp.Action[chromedp.Void]

func newTab(t testing.TB, browser context.Context, steps ...step) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	p := &tab{TB: t, Context: ctx}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.complaints {
			t.Errorf("the browser complains: %s", c)
		}
	})
	p.do(append([]step{
		command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: sleepScript}),
		chromedp.EmulateViewport(1280, 900),
	}, steps...)...)
	return p
}

// command is a step that the browser's protocol has a method for.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (p *tab) listen(event any) {
	var complaint string
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		complaint = fmt.Sprintf("console.%s", e.Type)
		for _, a := range e.Args {
			complaint += " " + string(a.Value)
		}
	case *runtime.EventExceptionThrown:
		complaint = fmt.Sprintf("%s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *log.EventEntryAdded:
		p.mu.Lock()
		expected := p.offline && e.Entry.Source == log.EntrySourceNetwork
		p.mu.Unlock()
		if expected || e.Entry.Level == log.EntryLevelVerbose {
			return
		}
		complaint = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, complaint)
}

func (p *tab) do(steps ...step) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

// js evaluates a JavaScript expression and returns the result as JSON.
func (p *tab) js(expression string) string {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => JSON.stringify(await ("+expression+")) ?? 'null')()", chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%s: %v", expression, err)
	}
	return value
}

// is fails the test unless an expression has the given value.
func (p *tab) is(expression, want string) {
	p.Helper()
	if got := p.js(expression); got != want {
		p.Errorf("%s is %s, not %s", expression, got, want)
	}
}

// until waits for an expression to be true.
func (p *tab) until(expression string) {
	p.Helper()
	for deadline := time.Now().Add(patience); p.js("Boolean("+expression+")") != "true"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("%s did not come true within %s; the page:\n%s", expression, patience, p.js("document.body.innerText"))
		}
	}
}

// soon makes the page think that its next request is due.
const soon = "window.slept += 6000"

// forget makes the next request run a query.
func (c *usageCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next = time.Time{}
}

// serve runs a Server until stop is called, or until the test ends.
func serve(t testing.TB, s *Server) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	addr, err := s.Addr(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + addr.String(), stop
}

// loopback returns a free port of this machine.
const loopback = "127.0.0.1:0"

func phone() step {
	return chromedp.Steps(chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch))
}

func dark() step {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
}

func TestPageInABrowser(t *testing.T) {
	browser := chromium(t)
	for _, c := range []struct {
		name string
		run  func(*testing.T, context.Context)
	}{
		{"live", liveInABrowser},
		{"restart", restartInABrowser},
		{"sleep", sleepInABrowser},
		{"upgrade", upgradeInABrowser},
		{"ClickHouse away", outageInABrowser},
		{"keyboard", keyboardInABrowser},
		{"strange names", strangeInABrowser},
		{"scheme", schemeInABrowser},
		{"without scripts", withoutScripts},
		{"without charts", withoutCharts},
		{"width", widthInABrowser},
		{"accessible", accessibleInABrowser},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // most of the time the page waits for its next second
			c.run(t, browser)
		})
	}
}

// liveInABrowser: new facts appear without a reload, and what the reader has opened, focused or
// scrolled stays as it is.
func liveInABrowser(t *testing.T, browser context.Context) {
	s := busyScene(t)
	server := s.server(loopback)
	url, _ := serve(t, server)
	p := newTab(t, browser, chromedp.Navigate(url))
	p.is("document.querySelectorAll('.plot canvas').length", "2")
	p.until("document.querySelector('#connection').textContent === 'Live,'")
	p.do(chromedp.Click("figure details summary"), chromedp.Focus("footer a"))
	p.js("window.mark = 1, document.querySelector('details .scroll').scrollTop = 40")
	before := p.js("document.querySelector('.plot canvas').toDataURL()")
	s.change(func() {
		s.status.Accounts[0].ConnectionsToday = 4321
		usage := *s.usage
		usage.Accounts = append([]AccountUsage(nil), usage.Accounts...)
		hours := append([]HourUse(nil), usage.Accounts[0].Hours...)
		hours[3].Connections = 777
		usage.Accounts[0].Hours = hours
		s.usage = &usage
	})
	server.usage.forget()
	p.js(soon)
	p.until("document.querySelector('.tiles').innerText.includes('4,321')")
	p.until("document.querySelector('details table').textContent.includes('777')")
	p.is("document.querySelector('.plot canvas').toDataURL() !== "+before, "true")
	p.is("[window.mark, document.querySelector('details').open, document.querySelector('details .scroll').scrollTop, document.activeElement.nodeName]", `[1,true,40,"A"]`)
}

// restartInABrowser: the page shows that a daemon has stopped and started again, without a reload.
func restartInABrowser(t *testing.T, browser context.Context) {
	s := busyScene(t)
	url, stop := serve(t, s.server(loopback))
	p := newTab(t, browser, chromedp.Navigate(url))
	p.until("document.querySelector('#connection').textContent === 'Live,'")
	p.js("window.mark = 1")
	stop()
	p.mu.Lock()
	p.offline = true
	p.mu.Unlock()
	p.js("window.slept += 13000")
	p.until("document.documentElement.classList.contains('stale')")
	p.is("document.querySelector('#connection').textContent", `"No answer from the collector; showing the last known state,"`)
	shown := p.js("document.querySelector('#as-of').textContent")
	s.change(func() { s.status.Accounts[0].ConnectionsToday = 4321 })
	serve(t, s.server(strings.TrimPrefix(url, "http://")))
	p.until("!document.documentElement.classList.contains('stale')")
	p.until("document.querySelector('.tiles').innerText.includes('4,321')")
	p.is("window.mark", "1")
	p.is("document.querySelector('#as-of').textContent !== "+shown, "true")
}

// sleepInABrowser: a laptop that wakes after a night asks at once, and shows no old facts for long.
func sleepInABrowser(t *testing.T, browser context.Context) {
	s := busyScene(t)
	url, _ := serve(t, s.server(loopback))
	p := newTab(t, browser, chromedp.Navigate(url))
	p.until("document.querySelector('#connection').textContent === 'Live,'")
	s.change(func() { s.status.Accounts[0].ConnectionsToday = 4321 })
	// From here on the browser's clock moves only when the laptop has slept, so nothing else makes
	// the page ask.
	p.js("(() => { const at = Date.now() - window.slept; Date.now = () => at + window.slept })()")
	p.js("window.slept += 8 * 3600 * 1000")
	p.until("document.querySelector('.tiles').innerText.includes('4,321')")
}

// upgradeInABrowser: a newer binary's page replaces this one completely.
func upgradeInABrowser(t *testing.T, browser context.Context) {
	url, stop := serve(t, busyScene(t).server(loopback))
	p := newTab(t, browser, chromedp.Navigate(url))
	p.js("window.mark = 1")
	p.offline = true
	stop()
	newer := busyScene(t).server(strings.TrimPrefix(url, "http://"))
	newer.assets.hash = "newer"
	serve(t, newer)
	p.js(soon)
	p.until("window.mark === undefined && document.getElementById('live')?.dataset.build === 'newer'")
}

// outageInABrowser: the page shows that ClickHouse is down, and keeps the last known values.
func outageInABrowser(t *testing.T, browser context.Context) {
	s := busyScene(t)
	server := s.server(loopback)
	url, _ := serve(t, server)
	p := newTab(t, browser, chromedp.Navigate(url))
	p.is("document.querySelector('#headline').textContent", `"Everything is collected"`)
	s.change(func() { s.err = &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connection refused")} })
	server.usage.forget()
	p.js(soon)
	p.until("document.querySelector('#headline').textContent === '1 thing needs attention'")
	p.is("document.querySelector('.state li').innerText.includes('connection refused')", "true")
	p.is("document.querySelector('.tiles .bad .word').firstChild.data.trim()", `"No answer"`)
	p.is("[document.querySelectorAll('.plot canvas').length, document.querySelectorAll('.bars tbody tr').length]", "[2,10]")
	s.change(func() { s.err = nil })
	server.usage.forget()
	p.js(soon)
	p.until("document.querySelector('#headline').textContent === 'Everything is collected'")

	empty, _ := serve(t, emptyScene().server(loopback))
	p.do(chromedp.Navigate(empty))
	p.is("[document.querySelectorAll('.plot').length, document.querySelector('.account').innerText.includes('when ClickHouse has answered')]", "[0,true]")
}
