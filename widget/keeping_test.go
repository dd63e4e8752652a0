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

func TestADraftIsThereAfterAReloadWhereItBelongs(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.reply()
	r.must(r.Type("textbox", "Comment", "Half a thought"))
	r.open("/")
	r.says("form", "Reply to Marta Lindqvist")
	r.holds(`$('[part=body]').value === 'Half a thought' && $('form').previousElementSibling.id === 'aitys-c1'`)
	r.must(r.Click("button", "Cancel"))
	r.holds(`$('[part=body]').value === '' && $('form').closest('li') === null`)
}

// Who reloads, or whose phone put the page away, finds the fields as they were: nobody is anonymous by accident.
func TestADraftKeepsWhoseItIs(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	r.write("Half a thought")
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Type("textbox", "E-mail", "lena@mail.example"))
	r.open("/")
	r.holds(`$('[part=body]').value === 'Half a thought' && $('[part=name]').value === 'Lena' &&
		$('[part=email]').value === 'lena@mail.example' && !$('[name=remember]').checked`)
	r.must(r.Click("button", "Post comment"))
	r.says(".own", "Lena")
	r.open("/")
	r.write("two")
	r.holds(`$('[part=name]').value === ''`)
}

func TestANameThatIsTakenOutIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for answer, want := range map[string]string{"Post as Lena": "Lena", "Without a name": "Anonymous"} {
		r := visit(t, s, options{width: 390})
		r.write("Which valve, " + want)
		r.must(r.Type("textbox", "Name", "Lena"))
		r.holds(`($('[part=name]').value = '', $('[part=name]').dispatchEvent(new Event('input', { bubbles: true })))`)
		r.must(r.Click("button", "Post comment"))
		r.says("[role=alert]", "Post without a name?")
		r.picture()
		r.must(r.Click("button", answer))
		r.says(".own", want)
	}
	if bodies, _ := s.posts(); len(bodies) != 2 {
		t.Errorf("posted %d times, want once for each answer", len(bodies))
	}
}

// On a slow phone the writing part arrives while a reader types; where it moved the form, the
// letters after that went nowhere.
func TestWhoBeginsBeforeTheWritingPartArrivesKeepsTheirPlace(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	for _, before := range []struct {
		what string
		do   func(*reader)
		want string
	}{
		{"a comment that waits", func(r *reader) { r.post("Which valve?"); r.says(".own", "Which valve?") }, "one two"},
		{"the draft of a reply", func(r *reader) { r.reply(); r.must(r.Type("textbox", "Comment", "Half")) }, "one two"},
		{"a draft", func(r *reader) { r.write("Half") }, "Half\n\none two"},
	} {
		t.Run(before.what, func(t *testing.T) {
			r := visit(t, s, options{})
			before.do(r)
			letGo := s.hold("GET embed-form.js")
			r.open("/")
			r.must(r.Type("textbox", "Comment", "one"))
			letGo()
			r.must(r.See("button", "Post comment"))
			r.holds(`root.activeElement === $('[part=body]')`)
			_, err := chromedp.Call(r.Context(), input.InsertText, input.InsertTextParams{Text: " two"})
			r.must(err)
			if got := r.value(); got != before.want {
				t.Errorf("the field holds %q, want %q", got, before.want)
			}
		})
	}
}

func TestAnEditThatIsUnderWaySurvivesARedraw(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.must(r.Click("button", "Edit"))
	r.must(r.Type("textbox", "Edit your comment", " And since when?"))
	r.must(r.Click("button", "Newest"))
	r.holds(`$('.list > li:first-child .own textarea').value === 'Which valve? And since when?'`)
	r.must(r.Click("button", "Cancel"))
	r.says(".own [part=content]", "Which valve?")
}

func TestWithoutStorageTheCommentIsShownUntilThePageIsLeft(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.must(r.BeforeEach(`Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused') } })`))
	r.open("/")
	r.post("Which valve?")
	r.says("[part=status]", "It stays visible to you until you leave this page.")
	r.says(".own", "Which valve?")
	r.open("/")
	r.holds(`$('form') && !$('.own')`)
}

func TestCtrlAndEnterPosts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("Which valve?")
	r.holds(`$('[part=body]').dispatchEvent(
		new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true }))`)
	r.says("[part=status]", "waiting for a moderator")
}

func TestTheToolbarIsOneStopAndArrowsMoveInIt(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("a")
	r.holds(`$$('.bar [tabindex="0"]').length === 1 && ($('.bar button').focus(), true)`)
	r.must(r.Press(testkit.Key{Key: "ArrowRight", Code: "ArrowRight"}))
	r.holds(`root.activeElement.ariaLabel === 'Italic'`)
	r.must(r.Press(testkit.Key{Key: "End", Code: "End"}))
	r.holds(`root.activeElement.innerText === 'Preview'`)
	r.must(r.Press(testkit.Key{Key: "ArrowRight", Code: "ArrowRight"}))
	r.holds(`root.activeElement.ariaLabel === 'Bold'`)
}

func TestATrapAndAnAgeGoWithThePost(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("Which valve?")
	r.holds(`($('#subject').value = 'pills', $('#subject').tabIndex === -1 &&
		!!$('#subject').closest('[aria-hidden=true]'))`)
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "waiting")
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := fmt.Sprint(s.forms); got != "[map[token:age trap:pills]]" {
		t.Errorf("the form said %s", got)
	}
}

func TestTheBodySaysWhatTheContractWants(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{script: `data-page="https://blog.example/a" data-title="A"`})
	r.reply()
	r.post("So did mine.")
	r.says("[part=status]", "waiting")
	s.mu.Lock()
	defer s.mu.Unlock()
	got := fmt.Sprintf("%v %v %v", s.last["page"], s.last["parent"], s.last["author"])
	if got != "map[title:A url:https://blog.example/a] c1 map[email:<nil> name:<nil>]" {
		t.Errorf("sent %s", got)
	}
}

func TestWhenTheConnectionIsBackTheCommentsLoadByThemselves(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{lang: "en"})
	offline := func(on bool) {
		t.Helper()
		// The page believes it; the failure makes it true.
		_, err := chromedp.Call(r.Context(), network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: on,
			DownloadThroughput: -1, UploadThroughput: -1})
		r.must(err)
	}
	offline(true)
	s.fail("GET comments", cut)
	r.must(r.Click("button", "Newest"))
	r.says("[role=alert]",
		"Comments could not be loaded. You are offline. They will be loaded when the connection is back.")
	offline(false)
	r.must(r.See("heading", "7 comments"))
}

func TestLoadingIsSaidOnlyWhenItTakesLong(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	letGo := s.hold("GET comments")
	r := visit(t, s, options{loading: true})
	r.says("[role=status]", "Loading comments…")
	r.picture()
	letGo()
	r.must(r.See("heading", "7 comments"))
}

func TestAnElementThatLeavesThePageComesBackWhole(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.must(r.Holds(`(() => { const e = document.querySelector('aitys-comments');
		e.remove(); document.querySelector('main').append(e); return true })()`))
	r.must(r.See("heading", "7 comments"))
	r.write("still works")
}

func TestAnAddressThatChangesLeadsToItsComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 60 {
		s.say("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.must(r.Holds(`(location.hash = 'aitys-c7', true)`))
	r.holds(`root.activeElement?.id === 'aitys-c7'`)
	r.must(r.Holds(`(location.hash = 'aitys-c44', true)`))
	r.holds(`root.activeElement?.id === 'aitys-c44'`)
	r.must(r.Holds(`(location.hash = 'aitys-nobody', true)`))
	r.says("[role=status]", "The comment this link leads to is not here.")
}

func TestWhatIsMineStaysAtTheEndWhenMoreIsLoaded(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 40 {
		s.say("", fmt.Sprintf("Reader %d", i+1), "<p>Yes.</p>", "en", time.Hour)
	}
	r := visit(t, s, options{})
	r.post("Mine.")
	r.says(".own", "Mine.")
	r.must(r.Click("button", "Show 15 more"))
	r.holds(`$$('[part=comment]').length === 41 && $('.list > li:last-child .own')`)
}

// Who has the page open twice writes one comment: nothing of it is lost, and it is not sent twice.
func TestTwoTabsWriteOneDraft(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	beside := func() *reader {
		t.Helper()
		tab, err := r.Beside(1280, 900)
		r.must(err)
		t.Cleanup(tab.Close)
		r.must(tab.BeforeEach(`addEventListener('aitys:ready', () => window.ready = true)`))
		b := &reader{Tab: tab, t: t, blog: r.blog}
		b.open("/")
		return b
	}
	other, third := beside(), beside()
	other.must(other.Click("textbox", "Comment"))
	other.must(other.See("button", "Post comment"))
	r.write("Half a")
	other.holds(`$('[part=body]').value === 'Half a'`)
	other.must(other.Type("textbox", "Comment", " thought"))
	r.holds(`$('[part=body]').value === 'Half a thought'`)
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "waiting")
	other.holds(`$('[part=body]').value === ''`)
	other.must(other.Type("textbox", "Comment", "Another"))
	third.must(third.Click("textbox", "Comment")) // its form was never opened before
	third.holds(`$('[part=body]').value === 'Another'`)
	if bodies, _ := s.posts(); len(bodies) != 1 {
		t.Errorf("posted %q, want it once", bodies)
	}
}

func TestBackAndForwardKeepTheTextOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	r.write("Half a thought")
	r.must(r.Type("textbox", "Name", "Lena"))
	for range 2 {
		r.must(r.Go(s.URL + "/embed.js"))
		r.must(r.Leave(`history.back()`))
		r.holds(`$('[part=body]')?.value === 'Half a thought' && $('[part=name]')?.value === 'Lena'`)
	}
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "waiting")
	r.must(r.Go(s.URL + "/embed.js"))
	r.must(r.Leave(`history.back()`))
	r.says(".own", "Half a thought")
	r.holds(`!$('form') || $('[part=body]').value === ''`)
	if bodies, _ := s.posts(); len(bodies) != 1 {
		t.Errorf("posted %q, want it once", bodies)
	}
}

// Names, websites and words of 2,000 letters break nothing on the narrowest page, nor does a language that we lack or
// write otherwise, or a font without the letters of one.
func TestWhatIsVeryLongFitsAVeryNarrowPage(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "KK-Cyrl-KZ", "de-AT"} {
		s := newService(t)
		name := strings.Repeat("Ә", 2000)
		c := s.say("", name, "<p>"+strings.Repeat("w", 2000)+"</p>", "und", time.Hour)
		site := "https://x.example/" + strings.Repeat("a", 2000)
		c.Author.URL = &site
		badge := "moderator"
		s.say(c.ID, strings.Repeat("name ", 400), "<p>Yes.</p>", "und", time.Hour).Author.Badge = &badge
		r := visit(t, s, options{lang: lang, width: 280, sheet: `body { font-family: "Noto Color Emoji", monospace }`})
		r.must(r.Click("button", map[string]string{"KK-Cyrl-KZ": "Жауап беру"}[lang]+map[string]string{"en": "Reply",
			"de-AT": "Reply"}[lang]))
		r.holds(`$('form strong bdi')?.innerText.length > 1000`)
		r.holds(`document.documentElement.scrollWidth <= innerWidth`)
		r.holds(`$$('.meta b, .text, form, button').every(e => e.getBoundingClientRect().right <= innerWidth + 1)`)
		r.accessible()
		r.picture()
	}
}
