package widget_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

func TestDraft_SurvivesReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.reply()
	r.must(r.Type("textbox", "Comment", "Half a thought"))
	r.open("/")
	r.hasText("form", "Reply to Marta Lindqvist")
	r.waitFor(`$('[part=body]').value === 'Half a thought' && $('form').previousElementSibling.id === 'aitys-c1'`)
	r.must(r.Click("button", "Cancel"))
	r.waitFor(`$('[part=body]').value === '' && $('form').closest('li') === null`)
}

// TestDraft_KeepsNameAndEmail reloads the page, as phones do with background tabs. The name must survive, or the
// comment would be anonymous.
func TestDraft_KeepsNameAndEmail(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	r.write("Half a thought")
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Type("textbox", "E-mail", "lena@mail.example"))
	r.open("/")
	r.waitFor(`$('[part=body]').value === 'Half a thought' && $('[part=name]').value === 'Lena' &&
		$('[part=email]').value === 'lena@mail.example' && !$('[name=remember]').checked`)
	r.must(r.Click("button", "Post comment"))
	r.hasText(".own", "Lena")
	r.open("/")
	r.write("two")
	r.waitFor(`$('[part=name]').value === ''`)
}

func TestForm_AsksAboutRemovedName(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for answer, want := range map[string]string{"Post as Lena": "Lena", "Without a name": "Anonymous"} {
		r := visit(t, s, options{width: 390})
		r.write("Which valve, " + want)
		r.must(r.Type("textbox", "Name", "Lena"))
		r.waitFor(`($('[part=name]').value = '', $('[part=name]').dispatchEvent(new Event('input', { bubbles: true })))`)
		r.must(r.Click("button", "Post comment"))
		r.hasText("[role=alert]", "Post without a name?")
		r.screenshot()
		r.must(r.Click("button", answer))
		r.hasText(".own", want)
	}
	if bodies, _ := s.posts(); len(bodies) != 2 {
		t.Errorf("posted %d times, want once for each answer", len(bodies))
	}
}

// TestForm_TypingBeforeLoadKeepsFocus types while the form part is being loaded, as on a slow phone. If the form moved,
// later letters would be lost.
func TestForm_TypingBeforeLoadKeepsFocus(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	for _, before := range []struct {
		what string
		do   func(*reader)
		want string
	}{
		{"a comment that waits", func(r *reader) { r.post("Which valve?"); r.hasText(".own", "Which valve?") }, "one two"},
		{"the draft of a reply", func(r *reader) { r.reply(); r.must(r.Type("textbox", "Comment", "Half")) }, "one two"},
		{"a draft", func(r *reader) { r.write("Half") }, "Half\n\none two"},
	} {
		t.Run(before.what, func(t *testing.T) {
			r := visit(t, s, options{})
			before.do(r)
			letGo := s.block("GET embed-form.js")
			r.open("/")
			r.must(r.Type("textbox", "Comment", "one"))
			letGo()
			r.must(r.See("button", "Post comment"))
			r.waitFor(`root.activeElement === $('[part=body]')`)
			_, err := chromedp.Call(r.Context(), input.InsertText, input.InsertTextParams{Text: " two"})
			r.must(err)
			if got := r.value(); got != before.want {
				t.Errorf("the field holds %q, want %q", got, before.want)
			}
		})
	}
}

func TestEdit_SurvivesRedraw(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.must(r.Click("button", "Edit"))
	r.must(r.Type("textbox", "Edit your comment", " And since when?"))
	r.must(r.Click("button", "Newest"))
	r.waitFor(`$('.list > li:first-child .own textarea').value === 'Which valve? And since when?'`)
	r.must(r.Click("button", "Cancel"))
	r.hasText(".own [part=content]", "Which valve?")
}

func TestOwn_WithoutStorageLastsForThePage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.must(r.AddInitScript(`Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused') } })`))
	r.open("/")
	r.post("Which valve?")
	r.hasText("[part=status]", "Only you see it, until you leave this page.")
	r.hasText(".own", "Which valve?")
	r.open("/")
	r.waitFor(`$('form') && !$('.own')`)
}

func TestForm_CtrlEnterPosts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("Which valve?")
	r.waitFor(`$('[part=body]').dispatchEvent(
		new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }))`)
	r.hasText("[part=status]", "waiting for a moderator")
}

func TestToolbar_IsOneTabStop(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("a")
	r.waitFor(`$$('.bar [tabindex="0"]').length === 1 && ($('.bar button').focus(), true)`)
	r.must(r.Press(testkit.Key{Key: "ArrowRight", Code: "ArrowRight"}))
	r.waitFor(`root.activeElement.ariaLabel === 'Italic'`)
	r.must(r.Press(testkit.Key{Key: "End", Code: "End"}))
	r.waitFor(`root.activeElement.innerText === 'Preview'`)
	r.must(r.Press(testkit.Key{Key: "ArrowRight", Code: "ArrowRight"}))
	r.waitFor(`root.activeElement.ariaLabel === 'Bold'`)
}

func TestPost_SendsHoneypotAndFormToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("Which valve?")
	r.waitFor(`($('#subject').value = 'pills', $('#subject').tabIndex === -1 &&
		!!$('#subject').closest('[aria-hidden=true]'))`)
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting")
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := fmt.Sprint(s.forms); got != "[map[token:age trap:pills]]" {
		t.Errorf("the form said %s", got)
	}
}

func TestPost_SendsPageParentAndAuthor(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{script: `data-page="https://blog.example/a" data-title="A"`})
	r.reply()
	r.post("So did mine.")
	r.hasText("[part=status]", "waiting")
	s.mu.Lock()
	defer s.mu.Unlock()
	got := fmt.Sprintf("%v %v %v", s.last["page"], s.last["parent"], s.last["author"])
	if got != "map[title:A url:https://blog.example/a] c1 map[email:<nil> name:<nil>]" {
		t.Errorf("sent %s", got)
	}
}

func TestList_LoadsWhenBackOnline(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{lang: "en"})
	offline := func(on bool) {
		t.Helper()
		// This only changes navigator.onLine; the failure below breaks the request.
		_, err := chromedp.Call(r.Context(), network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: on,
			DownloadThroughput: -1, UploadThroughput: -1})
		r.must(err)
	}
	offline(true)
	s.failNext("GET comments", brokenAnswer)
	r.must(r.Click("button", "Newest"))
	r.hasText("[role=alert]",
		"Comments could not be loaded. You are offline. Comments load when you are back.")
	offline(false)
	r.must(r.See("heading", "7 comments"))
}

func TestList_SlowLoadShowsMessage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	letGo := s.block("GET comments")
	r := visit(t, s, options{noWait: true})
	r.hasText("[role=status]", "Loading comments…")
	r.screenshot()
	letGo()
	r.must(r.See("heading", "7 comments"))
}

func TestElement_ReattachedWorks(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.must(r.Holds(`(() => { const e = document.querySelector('aitys-comments');
		e.remove(); document.querySelector('main').append(e); return true })()`))
	r.must(r.See("heading", "7 comments"))
	r.write("still works")
}

func TestPermalink_FollowsHashChange(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 60 {
		s.addComment("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.must(r.Holds(`(location.hash = 'aitys-c7', true)`))
	r.waitFor(`root.activeElement?.id === 'aitys-c7'`)
	r.must(r.Holds(`(location.hash = 'aitys-c44', true)`))
	r.waitFor(`root.activeElement?.id === 'aitys-c44'`)
	r.must(r.Holds(`(location.hash = 'aitys-nobody', true)`))
	r.hasText("[role=status]", "Comment not found. Showing all comments.")
}

func TestMore_OwnCommentStaysLast(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 40 {
		s.addComment("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.post("Mine.")
	r.hasText(".own", "Mine.")
	r.must(r.Click("button", "Show 15 more"))
	r.waitFor(`$$('[part=comment]').length === 41 && $('.list > li:last-child .own')`)
}

// TestDraft_IsSharedByTabs writes one comment in several tabs. Text must not be lost or sent twice.
func TestDraft_IsSharedByTabs(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	beside := func() *reader {
		t.Helper()
		tab, err := r.NewTab(1280, 900)
		r.must(err)
		t.Cleanup(tab.Close)
		r.must(tab.AddInitScript(`addEventListener('aitys:ready', () => window.ready = true)`))
		b := &reader{Tab: tab, t: t, blog: r.blog}
		b.open("/")
		return b
	}
	other, third := beside(), beside()
	other.must(other.Click("textbox", "Comment"))
	other.must(other.See("button", "Post comment"))
	r.write("Half a")
	other.waitFor(`$('[part=body]').value === 'Half a'`)
	other.must(other.Type("textbox", "Comment", " thought"))
	r.waitFor(`$('[part=body]').value === 'Half a thought'`)
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting")
	other.waitFor(`$('[part=body]').value === ''`)
	other.must(other.Type("textbox", "Comment", "Another"))
	third.must(third.Click("textbox", "Comment")) // its form was never opened before
	third.waitFor(`$('[part=body]').value === 'Another'`)
	if bodies, _ := s.posts(); len(bodies) != 1 {
		t.Errorf("posted %q, want it once", bodies)
	}
}

func TestDraft_SurvivesBackNavigation(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	r.write("Half a thought")
	r.must(r.Type("textbox", "Name", "Lena"))
	for range 2 {
		r.must(r.Go(s.URL + "/embed.js"))
		r.must(r.LeaveBy(`history.back()`))
		r.waitFor(`$('[part=body]')?.value === 'Half a thought' && $('[part=name]')?.value === 'Lena'`)
	}
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting")
	r.must(r.Go(s.URL + "/embed.js"))
	r.must(r.LeaveBy(`history.back()`))
	r.hasText(".own", "Half a thought")
	r.waitFor(`!$('form') || $('[part=body]').value === ''`)
	if bodies, _ := s.posts(); len(bodies) != 1 {
		t.Errorf("posted %q, want it once", bodies)
	}
}

// TestStyle_LongContentFitsNarrowPage uses names, websites and words of 2,000 letters on a 280 px page, with an
// unsupported language, another spelling of a language tag, and a font without its letters.
func TestStyle_LongContentFitsNarrowPage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "KK-Cyrl-KZ", "de-AT"} {
		s := newService(t)
		name := strings.Repeat("Ә", 2000)
		c := s.addComment("", name, "<p>"+strings.Repeat("w", 2000)+"</p>", "und", time.Hour)
		site := "https://x.example/" + strings.Repeat("a", 2000)
		c.Author.URL = &site
		badge := "moderator"
		s.addComment(c.ID, strings.Repeat("name ", 400), "<p>Yes.</p>", "und", time.Hour).Author.Badge = &badge
		r := visit(t, s, options{lang: lang, width: 280, sheet: `body { font-family: "Noto Color Emoji", monospace }`})
		r.must(r.Click("button", map[string]string{"KK-Cyrl-KZ": "Жауап беру"}[lang]+map[string]string{"en": "Reply",
			"de-AT": "Reply"}[lang]))
		r.waitFor(`$('form strong bdi')?.innerText.length > 1000`)
		r.waitFor(`document.documentElement.scrollWidth <= innerWidth`)
		r.waitFor(`$$('.meta b, .text, form, button').every(e => e.getBoundingClientRect().right <= innerWidth + 1)`)
		r.wantAccessible()
		r.screenshot()
	}
}
