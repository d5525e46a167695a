package web

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyboardInABrowser: everything can be reached and read without a mouse.
func keyboardInABrowser(t *testing.T, browser context.Context) {
	url, _ := serve(t, busyScene(t).server(loopback))
	p := newTab(t, browser, chromedp.Navigate(url))
	focused := "document.activeElement.textContent.trim()"
	p.do(chromedp.KeyEvent(kb.Tab))
	p.is(focused, `"Skip to the content"`)
	p.is("document.activeElement.getBoundingClientRect().top >= 0", "true")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.is("document.activeElement.id", `"live"`)
	p.do(chromedp.KeyEvent(kb.Tab))
	p.is("document.activeElement.role", `"slider"`)
	p.is("getComputedStyle(document.activeElement).outlineStyle", `"solid"`)
	value := "document.activeElement.getAttribute('aria-valuetext')"
	newest := p.js(value)
	p.do(chromedp.KeyEvent(kb.Home))
	p.is(value+".startsWith('00:00: ')", "true")
	p.is("document.querySelector('.said').textContent === "+value, "true")
	p.do(chromedp.KeyEvent(kb.ArrowRight))
	p.is(value+".startsWith('01:00: ')", "true")
	p.do(chromedp.KeyEvent(kb.End))
	p.is(value, newest)
	p.do(chromedp.KeyEvent(kb.Tab))
	p.is("document.activeElement.nodeName", `"SUMMARY"`)
	p.is("document.querySelector('.said').textContent", `""`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.is("document.activeElement.parentElement.open", "true")
	// From here on, focus moves in reading order, and nothing traps it.
	p.js("window.order = []")
	for range 20 {
		p.do(chromedp.KeyEvent(kb.Tab))
		p.js("window.order.push(document.activeElement)")
	}
	p.is("window.order.includes(document.querySelector('footer a'))", "true")
	p.is("window.order.slice(0, 8).every((e, i, all) => !i || all[i - 1].compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)", "true")
	// The mouse shows the same text.
	p.js("window.scrollTo(0, 0)")
	p.do(chromedp.MouseEvent("mouseMoved", 320, 620))
	p.until("/^\\d\\d:00: [\\d,]+ connections?, /.test(document.querySelector('.said').textContent)")
}

// strangeInABrowser: foreign text is shown literally.
func strangeInABrowser(t *testing.T, browser context.Context) {
	url, _ := serve(t, troubledScene(t).server(loopback))
	p := newTab(t, browser, chromedp.Navigate(url))
	p.until("document.querySelectorAll('.plot canvas').length === 4")
	p.js("window.slept += 60000")
	p.until("document.querySelector('#connection').textContent === 'Live,'")
	p.is("[window.hacked ?? null, document.querySelectorAll('main script, main img').length]", "[null,0]")
	text := "document.querySelector('main').textContent"
	p.is(text+".split('<script>window.hacked = true</script><img src=x').length - 1", "8")
	p.is("document.querySelectorAll('.account h2')[1].textContent.startsWith('<script>')", "true")
	// Each account's hours are in its own zone.
	p.is("[...document.querySelectorAll('.account .head .quiet')].map(e => e.textContent.split('of ')[1])", `["Europe/Istanbul (UTC+3)","America/Los_Angeles (UTC−7)"]`)
	p.is("document.querySelector('#as-of').dataset.zone", `"UTC"`)
}

// schemeInABrowser: charts follow a switch to dark mode.
func schemeInABrowser(t *testing.T, browser context.Context) {
	url, _ := serve(t, busyScene(t).server(loopback))
	p := newTab(t, browser, chromedp.Navigate(url))
	// The color of the bars.
	colour := `(() => { const c = document.querySelector('.plot canvas'), copy = new OffscreenCanvas(c.width, c.height).getContext('2d', {willReadFrequently: true})
		copy.drawImage(c, 0, 0)
		const x = copy.getImageData(0, Math.floor(c.height * .8), c.width, 1).data, count = {}
		for (let i = 0; i < x.length; i += 4) if (x[i + 3] === 255) { const k = x.slice(i, i + 3).join(); count[k] = (count[k] ?? 0) + 1 }
		return Object.entries(count).sort((a, b) => b[1] - a[1])[0][0] })()`
	p.is(colour, `"47,109,202"`)
	p.do(dark())
	p.until(colour + ` === "76,134,220"`)
	p.is("getComputedStyle(document.body).backgroundColor", `"rgb(15, 20, 26)"`)
}

// withoutScripts: without scripts the page is complete, only not live.
func withoutScripts(t *testing.T, browser context.Context) {
	url, _ := serve(t, busyScene(t).server(loopback))
	p := newTab(t, browser, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(url))
	p.do(chromedp.Click("figure details summary"))
	text := p.js("document.querySelector('main').innerText")
	for _, has := range []string{"Everything is collected", "Busiest staff", "12:00", "sealed"} {
		if !strings.Contains(text, has) {
			t.Errorf("%q is not in\n%s", has, text)
		}
	}
	p.is("document.querySelector('.plot').clientHeight", "0")
}

// withoutCharts: a binary without uPlot shows tables and says why.
func withoutCharts(t *testing.T, browser context.Context) {
	s := busyScene(t).server(loopback)
	files := map[string][]byte{}
	for name, body := range s.assets.files {
		if name != "uplot.js" && name != "uplot.css" {
			files[name] = body
		}
	}
	s.assets.files = files
	url, _ := serve(t, s)
	p := newTab(t, browser, chromedp.Navigate(url))
	p.until("document.querySelector('#connection').textContent === 'Live,'")
	p.is("[document.querySelectorAll('.plot').length, document.querySelectorAll('figure details[open]').length]", "[0,2]")
	p.is("document.querySelector('main').innerText.includes('make build fetches uPlot')", "true")
}

// widthInABrowser: nothing is wider than the window, down to the narrowest phone.
func widthInABrowser(t *testing.T, browser context.Context) {
	busy, _ := serve(t, busyScene(t).server(loopback))
	troubled, _ := serve(t, troubledScene(t).server(loopback))
	p := newTab(t, browser)
	for _, width := range []int64{320, 390, 768, 1280, 2560} {
		for _, url := range []string{busy, troubled} {
			p.do(chromedp.EmulateViewport(width, 800), chromedp.Navigate(url))
			p.is("document.documentElement.scrollWidth <= innerWidth", "true")
			p.is("[...document.querySelectorAll('.plot')].every(e => e.querySelector('canvas').clientWidth === e.clientWidth)", "true")
		}
	}
}

// accessibleInABrowser runs axe-core to check names, roles, headings, landmarks, table headers and
// contrast.
func accessibleInABrowser(t *testing.T, browser context.Context) {
	axe, err := os.ReadFile("testdata/axe.js")
	need(t, err == nil, "axe-core is missing; sh web/fetch.sh tests")
	for _, c := range []struct {
		name  string
		scene *scene
		look  step
	}{
		{"empty", emptyScene(), chromedp.Steps()}, {"busy and dark", busyScene(t), dark()},
		{"troubled", troubledScene(t), chromedp.Steps()}, {"troubled and dark, on a phone", troubledScene(t), chromedp.Steps(dark(), phone())},
	} {
		url, _ := serve(t, c.scene.server(loopback))
		p := newTab(t, browser, c.look, chromedp.Navigate(url))
		p.until("document.querySelector('#connection').textContent === 'Live,'")
		p.js("document.querySelectorAll('details').forEach(d => d.open = true)")
		p.do(chromedp.Evaluate[chromedp.Void](string(axe)))
		found := p.js(`axe.run({resultTypes: ['violations']}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.failureSummary + ' ' + n.html)))`)
		if found != "[]" {
			t.Errorf("%s: %s", c.name, found)
		}
		p.is(`(() => { let last = 0, wrong = []; for (const h of document.querySelectorAll('h1, h2, h3, h4')) {
				const level = Number(h.nodeName[1]); if (level > last + 1) wrong.push(h.textContent); last = level } return wrong })()`, "[]")
		p.is("[...document.querySelectorAll('main th')].filter(th => !th.scope).length", "0")
	}
}
