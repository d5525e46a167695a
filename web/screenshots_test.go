package web

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "folder into which the pictures of the README are written")

// TestScreenshots draws the README's pictures: the same desk at the same time.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("make screenshots draws them")
	}
	browser := chromium(t)
	server := busyScene(t).server(loopback)
	server.usage.get(t.Context())
	server.usage.last.At, server.usage.next = new(sceneNow.Add(-4*time.Second)), sceneNow.AddDate(1000, 0, 0)
	url, _ := serve(t, server)
	for name, look := range map[string]step{
		"desktop":      chromedp.EmulateViewport(1280, 1560),
		"desktop-dark": chromedp.Steps(chromedp.EmulateViewport(1280, 1560), dark()),
		"phone":        phone(),
		"phone-dark":   chromedp.Steps(phone(), dark()),
	} {
		stopped := page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf("Date.now = () => %d", sceneNow.UnixMilli())}
		p := newTab(t, browser, command(page.AddScriptToEvaluateOnNewDocument, stopped), look, chromedp.Navigate(url))
		p.until("document.querySelectorAll('.plot canvas').length === 2 && document.fonts.ready")
		p.is("document.fonts.check('15px Inter')", "true")
		var shot []byte
		p.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) (err error) {
			shot, err = chromedp.CaptureScreenshot()(ctx, tab)
			return err
		}))
		drawn, err := png.Decode(bytes.NewReader(shot))
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, fewColors(drawn)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fewColors keeps the 256 most frequent colors of a picture. A page has hardly more, and the file
// is a third of the size.
func fewColors(from image.Image) *image.Paletted {
	count := map[color.Color]int{}
	box := from.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[from.At(x, y)]++
		}
	}
	order := func(c color.Color) string { return fmt.Sprint(c.RGBA()) }
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(order(a), order(b)))
	})
	palette := color.Palette(most[:min(len(most), 256)])
	nearest := map[color.Color]uint8{}
	for c := range count {
		nearest[c] = uint8(palette.Index(c))
	}
	to := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			to.SetColorIndex(x, y, nearest[from.At(x, y)])
		}
	}
	return to
}
