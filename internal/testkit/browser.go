package testkit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// slowestLoad is the longest load time of a page in this process, in nanoseconds.
var slowestLoad atomic.Int64

// waitTimeout returns the timeout of a wait for a condition: 20 seconds, up to 120 on a machine that loads pages
// slowly.
func waitTimeout() time.Duration {
	return min(max(20*time.Second, 30*time.Duration(slowestLoad.Load())), 120*time.Second)
}

// A Browser is a running Chromium with an empty profile. Tests find elements by role and name, also in shadow roots,
// click at their position, and press keys. Waits are for conditions and fail after 20 to 120 seconds, depending on how
// slowly the machine loads pages.
type Browser struct {
	ctx  context.Context
	stop []context.CancelFunc
}

// Slack returns the time to add to a test's time limit on a machine that loads pages slowly.
func Slack() time.Duration { return min(5*time.Duration(slowestLoad.Load()), 60*time.Second) }

var oneBrowser struct {
	sync.Once
	*Browser
	err error
}

// OneBrowser returns the Chromium of this test process. The first call starts it. It ends with CloseBrowser, or with
// the process.
func OneBrowser(t testing.TB) *Browser {
	t.Helper()
	path, profile := Chromium(t), filepath.Join(processDir(t).Path, "chromium")
	oneBrowser.Do(func() {
		oneBrowser.Browser, oneBrowser.err = StartBrowser(path, chromedp.UserDataDir(profile))
	})
	if oneBrowser.err != nil {
		t.Fatal(oneBrowser.err)
	}
	return oneBrowser.Browser
}

// CloseBrowser ends the Chromium of OneBrowser, for TestMain.
func CloseBrowser() {
	oneBrowser.Do(func() {}) // prevents a later start
	if oneBrowser.Browser != nil {
		oneBrowser.Browser.Close()
	}
}

// StartBrowser starts the Chromium at path.
func StartBrowser(path string, also ...chromedp.ExecAllocatorOption) (*Browser, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), append(options, also...)...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &Browser{ctx: ctx, stop: []context.CancelFunc{stop, stopAllocator}}
	if err := chromedp.Do(ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	return b, nil
}

// Close ends the browser.
func (b *Browser) Close() {
	ending, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	_ = chromedp.Cancel(ending) // the stop functions end it as well
	for _, stop := range b.stop {
		stop()
	}
}

// A Tab is a page in its own browser context, which shares no cookies with other tabs.
type Tab struct {
	ctx         context.Context
	Close       context.CancelFunc
	navigations navigationTracker
}

// Tab opens a tab of width × height CSS pixels. Below a width of 720 it emulates a phone with touch.
func (b *Browser) Tab(width, height int64, dark bool) (*Tab, error) {
	return openTab(b.ctx, width, height, dark, chromedp.WithNewBrowserContext())
}

// NewTab opens another tab that shares cookies and storage with t.
func (t *Tab) NewTab(width, height int64) (*Tab, error) {
	return openTab(t.ctx, width, height, false)
}

// WaitForTab calls do, and returns the tab that t opens by it when that tab shows a page with the given title.
func (t *Tab) WaitForTab(title string, width, height int64, do func() error) (*Tab, error) {
	ctx, cancel := context.WithTimeout(t.ctx, waitTimeout())
	before, err := chromedp.Call(ctx, target.GetTargets, target.GetTargetsParams{})
	cancel()
	if err != nil {
		return nil, fmt.Errorf("list tabs: %w", err)
	}
	own := chromedp.FromContext(t.ctx).Target.TargetID
	opened := chromedp.WaitNewTarget(t.ctx, func(i *target.Info) bool { // it also reports tabs of other tests
		return i.Type == "page" && i.OpenerID == own &&
			!slices.ContainsFunc(before.TargetInfos, func(b *target.Info) bool { return b.TargetID == i.TargetID })
	})
	if err := do(); err != nil {
		return nil, err
	}
	select {
	case id := <-opened:
		err := t.until("open "+title, func(ctx context.Context) error {
			all, err := chromedp.Call(ctx, target.GetTargets, target.GetTargetsParams{})
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(all.TargetInfos, func(i *target.Info) bool { return i.TargetID == id && i.Title == title }) {
				return errNotFound
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		tab, err := openTab(t.ctx, width, height, false, chromedp.WithTargetID(id))
		if err != nil {
			return nil, err
		}
		// A new window has the focus, but a headless browser does not set it.
		_, err = chromedp.Call(tab.ctx, emulation.SetFocusEmulationEnabled,
			emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return tab, err
	case <-time.After(waitTimeout()):
		return nil, errors.New("no tab was opened")
	}
}

// BlockThirdPartyCookies makes the tab block third-party cookies.
func (t *Tab) BlockThirdPartyCookies() error {
	_, err := chromedp.Call(t.ctx, network.SetCookieControls,
		network.SetCookieControlsParams{EnableThirdPartyCookieRestriction: true})
	if err != nil {
		return fmt.Errorf("block third-party cookies: %w", err)
	}
	return nil
}

// SetCookie sets a cookie for the host of a URL and a path. When it returns, requests have the cookie. After a script has
// set document.cookie, the next request may still lack it.
func (t *Tab) SetCookie(url, path, name, value string) error {
	_, err := chromedp.Call(t.ctx, network.SetCookie, network.SetCookieParams{URL: url, Path: path, Name: name, Value: value})
	if err != nil {
		return fmt.Errorf("set cookie %s: %w", name, err)
	}
	return nil
}

// DisableInspection stops the debugging events for requests, nodes, style sheets and scripts. They slow the tab down:
// Chromium parses scripts again to report the initiators of requests. Methods that find elements by role do not work
// afterwards.
func (t *Tab) DisableInspection() error {
	for _, end := range []cdp.Command[cdp.Empty, cdp.Empty]{css.Disable, dom.Disable, network.Disable, log.Disable,
		runtime.Disable} {
		if _, err := chromedp.Call(t.ctx, end, cdp.Empty{}); err != nil {
			return fmt.Errorf("stop to watch: %w", err)
		}
	}
	return nil
}

func openTab(
	in context.Context, width, height int64, dark bool, how ...chromedp.ContextOption,
) (*Tab, error) {
	ctx, stop := chromedp.NewContext(in, how...)
	t := &Tab{ctx: ctx, Close: stop}
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	phone := width < 720
	scale := 1.0
	if phone {
		scale = 2
	}
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: scale, Mobile: phone})
		if err == nil {
			_, err = cdp.Call(ctx, target, emulation.SetTouchEmulationEnabled,
				emulation.SetTouchEmulationEnabledParams{Enabled: phone})
		}
		if err == nil {
			_, err = cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme},
					{Name: "prefers-reduced-motion", Value: "reduce"}}})
		}
		return err
	}))
	if err == nil {
		err = chromedp.Listen(ctx, t.navigations.handleEvent)
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	return t, nil
}

// Context returns the tab's context, for calls that Tab has no method for.
func (t *Tab) Context() context.Context { return t.ctx }

// Go opens a URL and waits until it has loaded.
func (t *Tab) Go(url string) error {
	ctx, cancel := context.WithTimeout(t.ctx, 3*waitTimeout())
	defer cancel()
	began := time.Now()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("open %s: %w", url, err)
	}
	for took := int64(time.Since(began)); ; {
		before := slowestLoad.Load()
		if took <= before || slowestLoad.CompareAndSwap(before, took) {
			return nil
		}
	}
}

// findID returns the ID of the nth (from 0) element with a role and name.
func (t *Tab) findID(ctx context.Context, role, name string, nth int) (cdp.BackendNodeID, error) {
	node, err := t.findNode(ctx, role, name, nth)
	if err != nil {
		return 0, err
	}
	return node.BackendDOMNodeID, nil
}

func (t *Tab) findNode(ctx context.Context, role, name string, nth int) (*accessibility.Node, error) {
	root, err := chromedp.Call(ctx, dom.GetDocument, dom.GetDocumentParams{})
	if err != nil {
		return nil, err
	}
	if t.navigations.inProgress() { // checked after an answer, so that events of an earlier click have arrived
		return nil, errNavigating
	}
	found, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
		BackendNodeID: root.Root.BackendNodeID, Role: role, AccessibleName: name})
	if err != nil {
		return nil, err
	}
	for _, node := range found.Nodes {
		if node.Ignored || node.BackendDOMNodeID == 0 {
			continue
		}
		if nth == 0 {
			return node, nil
		}
		nth--
	}
	return nil, errNotFound
}

var (
	errNotFound   = errors.New("it is not there")
	errNavigating = errors.New("another document is on its way")
	errDisabled   = errors.New("it is disabled")
)

// until calls do until it succeeds.
func (t *Tab) until(what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(t.ctx, waitTimeout())
	defer cancel()
	for {
		try, stop := context.WithTimeout(ctx, waitTimeout()/5) // a call may hang when a navigation crosses it
		err := do(try)
		stop()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// See waits for an element with a role and name.
func (t *Tab) See(role, name string) error {
	return t.until(fmt.Sprintf("see %s %q", role, name), func(ctx context.Context) error {
		_, err := t.findID(ctx, role, name, 0)
		return err
	})
}

// Gone waits until there is no such element.
func (t *Tab) Gone(role, name string) error {
	return t.until(fmt.Sprintf("%s %q gone", role, name), func(ctx context.Context) error {
		_, err := t.findID(ctx, role, name, 0)
		switch {
		case err == nil:
			return errors.New("it is still there")
		case errors.Is(err, errNotFound):
			return nil
		}
		return err
	})
}

// Click moves the pointer to the center of the first element with a role and name, and clicks when it is enabled and does
// not move.
func (t *Tab) Click(role, name string) error {
	return t.until(fmt.Sprintf("click %s %q", role, name), func(ctx context.Context) error {
		found, err := t.findNode(ctx, role, name, 0)
		if err != nil {
			return err
		}
		node := found.BackendDOMNodeID
		_, err = chromedp.Call(ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: node})
		if err != nil {
			return err
		}
		x, y, err := center(ctx, node)
		if err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: input.DispatchMouseEventTypeMouseMoved, X: x, Y: y})
		if err != nil {
			return err
		}
		if nowX, nowY, err := center(ctx, node); err != nil || nowX != x || nowY != y {
			return errors.New("it moves")
		}
		if slices.ContainsFunc(found.Properties, func(p *accessibility.Property) bool {
			return p.Name == accessibility.PropertyNameDisabled && string(p.Value.Value) == "true"
		}) {
			return errDisabled
		}
		return chromedp.Do(ctx, chromedp.MouseClickXY(x, y))
	})
}

// center returns the center of an element in the viewport.
func center(ctx context.Context, node cdp.BackendNodeID) (x, y float64, err error) {
	box, err := chromedp.Call(ctx, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: node})
	if err != nil {
		return 0, 0, err
	}
	if len(box.Quads) == 0 {
		return 0, 0, errors.New("it has no place on the page")
	}
	q := box.Quads[0]
	return (q[0] + q[4]) / 2, (q[1] + q[5]) / 2, nil
}

// Type focuses a field and inserts text at its cursor.
func (t *Tab) Type(role, name, text string) error {
	return t.until(fmt.Sprintf("type into %s %q", role, name), func(ctx context.Context) error {
		node, err := t.findID(ctx, role, name, 0)
		if err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, dom.Focus, dom.FocusParams{BackendNodeID: node}); err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// A Key is a key press: the value in the keyboard layout, and the code of the physical key.
type Key struct {
	Key, Code string
	Shift     bool
	Control   bool
	KeyCode   int64 // Windows key code, for keys that Chromium handles itself, such as PageDown; or 0
}

// Press presses keys one after the other, in the focused element.
func (t *Tab) Press(keys ...Key) error {
	ctx, cancel := context.WithTimeout(t.ctx, waitTimeout())
	defer cancel()
	for _, k := range keys {
		modifiers := int64(0)
		if k.Shift {
			modifiers = 8
		}
		if k.Control {
			modifiers += 2
		}
		text := ""
		if len([]rune(k.Key)) == 1 {
			text = k.Key
		}
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown,
			input.DispatchKeyEventTypeKeyUp} {
			_, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: k.Key,
				Code: k.Code, Modifiers: modifiers, Text: text, WindowsVirtualKeyCode: k.KeyCode})
			if err != nil {
				return fmt.Errorf("press %s: %w", k.Key, err)
			}
			text = ""
		}
	}
	return nil
}

// Holds waits until a JavaScript expression is true.
func (t *Tab) Holds(expression string) error {
	return t.until(expression, func(ctx context.Context) error {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && !ok {
			err = errors.New("it does not hold")
		}
		return err
	})
}

// Eval returns the value of a JavaScript expression. It awaits promises.
func Eval[T any](t *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(t.ctx, 3*waitTimeout())
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		return v, fmt.Errorf("evaluate: %w", err)
	}
	return v, nil
}

// LeaveBy runs a script that leaves the page, and waits until the next page is loaded. The script starts after the call
// was answered.
func (t *Tab) LeaveBy(by string) error {
	if _, err := Eval[bool](t, "(window.left = true, setTimeout(() => { "+by+" }), true)"); err != nil {
		return err
	}
	return t.Holds(`!window.left && document.readyState === "complete"`)
}

// WaitForPaint waits until the current state is on the screen. Tests press keys faster than people.
func (t *Tab) WaitForPaint() error {
	_, err := Eval[bool](t, `new Promise(go => requestAnimationFrame(() => requestAnimationFrame(() => go(true))))`)
	return err
}

// AddInitScript runs a script in every page of the tab before the page's own scripts.
func (t *Tab) AddInitScript(script string) error {
	_, err := chromedp.Call(t.ctx, page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		return fmt.Errorf("add a script: %w", err)
	}
	return nil
}

// Screenshot returns a PNG of the whole page (full) or of the viewport.
func (t *Tab) Screenshot(full bool) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.ctx, 3*waitTimeout())
	defer cancel()
	if full {
		return chromedp.Run(ctx, chromedp.FullScreenshot(100))
	}
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}
