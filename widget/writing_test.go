package widget_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// write opens the form and types a text.
func (r *reader) write(text string) {
	r.t.Helper()
	r.must(r.Type("textbox", "Comment", text))
	r.must(r.See("button", "Post comment"))
}

// value returns the text in the form.
func (r *reader) value() string {
	r.t.Helper()
	v, err := testkit.Eval[string](r.Tab, inWidget(`$('[part=body]').value`))
	r.must(err)
	return v
}

func (r *reader) post(text string) {
	r.t.Helper()
	r.write(text)
	r.must(r.Click("button", "Post comment"))
}

// reply opens the form below the first comment.
func (r *reader) reply() {
	r.t.Helper()
	r.must(r.Click("button", "Reply"))
	r.hasText("form", "Reply to ")
}

// posts returns the posted texts and their idempotency keys.
func (s *service) posts() (bodies, keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies), slices.Clone(s.keys)
}

func TestForm_OpensInPlace(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{width: 1280}, {width: 390, dark: true}, {width: 280}} {
		t.Run("", func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			r := visit(t, s, o)
			r.must(r.Click("textbox", "Comment"))
			for _, field := range []string{"Comment", "Name", "E-mail"} {
				r.must(r.See("textbox", field))
			}
			r.must(r.See("button", "Post comment"))
			r.must(r.See("toolbar", "Formatting"))
			r.waitFor(`root.activeElement === $('[part=body]') && $('[part=form]').contains($('[part=submit]'))`)
			r.must(r.Type("textbox", "Comment", "Which valve did it use?"))
			r.screenshot()
		})
	}
}

func TestPost_PendingSurvivesReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{width: 390})
	r.must(r.Type("textbox", "Comment", "Which valve did it use?"))
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Type("textbox", "E-mail", "lena@example.org"))
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "Your comment is waiting for a moderator.")
	r.hasText("[part=status]", "You can edit it for 15 minutes and withdraw it at any time.")
	r.waitFor(`root.activeElement === $('[part=status]') && !$('form')`)
	r.must(r.Holds(`window.heard[0][0] === 'posted' && window.heard[0][1].state === 'pending'`))
	r.screenshot()
	r.open("/")
	r.hasText(".own", "Lena")
	r.hasText(".own", "Waiting for a moderator")
	r.hasText(".own", "15 min left")
	r.waitFor(`$('[part=body]').value === '' && $('.list > li:last-child .own')`)
}

func TestOwn_RejectionShowsReason(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{width: 390})
	r.post("You, Tomasz, are a fool.")
	r.hasText("[part=status]", "waiting for a moderator")
	s.decide("p9", "rejected", "personal_attack", "The first half is a fair opinion. Leave Tomasz out.")
	r.open("/")
	r.hasText(".own", "Not published: personal attack")
	r.hasText(".own", "A moderator decided this, not a program.")
	r.hasText(".own", "It attacks a person instead of what they said. Rules")
	r.hasText(".own", "From the moderator: “The first half is a fair opinion. Leave Tomasz out.”")
	r.screenshot()
	r.must(r.Click("button", "Rules"))
	r.waitFor(`root.activeElement.id === 'rules'`)
	r.must(r.Click("button", "Rewrite"))
	r.waitFor(`root.activeElement === $('[part=body]') && $('[part=body]').value === 'You, Tomasz, are a fool.'`)
}

func TestOwn_EditAndWithdraw(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.must(r.Click("button", "Edit"))
	r.must(r.Type("textbox", "Edit your comment", "And since when? "))
	r.screenshot()
	r.must(r.Click("button", "Save"))
	r.hasText(".own", "And since when?")
	r.hasText(".vh", "Saved. Your comment is waiting for a moderator.")
	r.must(r.Click("button", "Withdraw"))
	r.must(r.See("button", "Keep it"))
	r.must(r.Click("button", "Keep it"))
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.hasText(".gone", "You withdrew this comment.")
	r.open("/")
	r.waitFor(`!$('.own')`)
}

func TestEdit_ExpiredKeepsText(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.must(r.Click("button", "Edit"))
	s.failNext("PATCH comments", failure{status: 403, code: "edit.expired"})
	r.must(r.Type("textbox", "Edit your comment", "And since when? "))
	r.must(r.Click("button", "Save"))
	r.hasText("[role=alert]", "Not saved. Your text is safe. Editing time is over.")
	r.waitFor(`$('.own textarea').value.includes('since when') && !$('.own textarea').readOnly`)
}

func TestReply_IsBelowItsParent(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.write("A thought for everybody.")
	r.reply()
	r.hasText("form", "Reply to Marta Lindqvist")
	r.waitFor(`root.activeElement === $('[part=body]') && $('[part=body]').value === ''`)
	r.must(r.Type("textbox", "Comment", "So did mine."))
	r.screenshot()
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting for a moderator")
	r.waitFor(`$('.own').closest('details').previousElementSibling !== null &&
		$('.own').closest('li').parentElement.closest('li').innerText.includes('Marta')`)
	r.must(r.Click("button", "Write another"))
	r.waitFor(`$('[part=body]').value === 'A thought for everybody.' && !$('form').innerText.includes('Reply to')`)
}

func TestPost_FailureKeepsText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		failure
		says string
	}{
		{"no answer", brokenAnswer, "Not sent. Your text is safe. The server did not respond."},
		{"rate", failure{status: 429, code: "rate.limited", wait: 42},
			"Not sent. Your text is safe. Too many at once. Try again in 42 seconds."},
		{"busy", failure{status: 503, code: "busy", wait: 1}, "The service is busy. Try again in 1 second."},
		{"full", failure{status: 507, code: "storage.full"}, "The service is out of space."},
		{"closed", failure{status: 422, code: "page.closed"}, "Comments were just closed."},
		{"foreign", failure{status: 403, code: "origin.foreign"}, "This address may not show comments."},
		{"something new", failure{status: 418, code: "tea.pot"}, "Not accepted: tea.pot."},
		{"internal", failure{status: 500, code: "internal"}, "Not sent."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			r := visit(t, s, options{width: 390})
			s.failNext("POST comments", tt.failure)
			r.post("Which valve did it use?")
			r.hasText("[role=alert]", tt.says)
			r.waitFor(`$('[part=body]').value === 'Which valve did it use?' && !$('[part=body]').readOnly`)
			r.screenshot()
			r.open("/")
			r.waitFor(`$('[part=body]').value === 'Which valve did it use?'`)
			r.must(r.Click("button", "Post comment"))
			r.hasText("[part=status]", "waiting for a moderator")
			_, keys := s.posts()
			if len(keys) == 2 && keys[0] != keys[1] || len(keys[len(keys)-1]) < 16 {
				t.Errorf("the retry of one text used keys %v", keys)
			}
		})
	}
}

func TestPost_NewTextGetsNewKey(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.post("one")
	r.must(r.Click("button", "Write another"))
	r.post("two")
	r.hasText(".own", "two")
	bodies, keys := s.posts()
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("%v went under %v", bodies, keys)
	}
}

func TestPost_DuplicateIsReported(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	r.post("Which valve?")
	r.must(r.Click("button", "Write another"))
	r.post("Which valve?")
	r.hasText("[part=status]", "You already sent this comment. It was saved once.")
	r.screenshot()
}

func TestForm_ErrorIsBesideItsField(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, email, says, field string }{
		{"empty", " ", "", "There is no text yet.", "body"},
		{"long", strings.Repeat("a", 10001), "", "Too long: 10,001 of 10,000 characters.", "body"},
		{"e-mail", "Yes.", "nobody", "Enter a valid e-mail address, or none.", "email"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			r := visit(t, s, options{width: 390})
			r.write(tt.text)
			if tt.email != "" {
				r.must(r.Type("textbox", "E-mail", tt.email))
			}
			r.must(r.Click("button", "Post comment"))
			r.hasText("[role=alert]", tt.says)
			r.waitFor(`root.activeElement === $('[part=` + tt.field +
				`]') && root.activeElement.getAttribute('aria-invalid') === 'true'`)
			if tt.name != "long" { // the field grows with the window, and so would the screenshot
				r.screenshot()
			}
			if bodies, _ := s.posts(); len(bodies) > 0 {
				t.Errorf("it was sent all the same")
			}
		})
	}
}

func TestPost_RefusedFieldIsNamed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	s.failNext("POST comments", failure{status: 422, code: "field.invalid", field: "/author/name"})
	r.post("Yes.")
	r.hasText("[role=alert]", "Enter your name.") // the setting changed after the page was loaded
	s.failNext("POST comments", failure{status: 422, code: "field.invalid", field: "/author/name"})
	r.must(r.Type("textbox", "Name", "Dana"))
	r.must(r.Click("button", "Post comment"))
	r.hasText("[role=alert]", "This name is too long or like a staff name. Choose another.")
	r.waitFor(`root.activeElement === $('[part=name]')`)
}

func TestReply_WithoutParentBecomesComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.reply()
	s.failNext("POST comments", failure{status: 422, code: "parent.unknown"})
	r.post("So did mine.")
	r.hasText("[role=alert]", "The comment you reply to is gone.")
	r.must(r.Click("button", "Post as new comment"))
	r.hasText("[part=status]", "waiting for a moderator")
	r.waitFor(`$('.list > li:last-child .own').innerText.includes('So did mine.')`)
}

func TestPreview_ShowsHTML(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("One\n\nTwo <b>")
	r.must(r.Click("button", "Preview"))
	r.waitFor(`$$('.seen p').length === 2 && $('.seen').innerText.includes('<b>') && $('[part=body]').hidden`)
	r.screenshot()
	r.must(r.Click("button", "Preview"))
	r.waitFor(`!$('.seen') && !$('[part=body]').hidden && root.activeElement === $('[part=body]')`)
}

func TestToolbar_MarksSelection(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]string{
		"Bold": "a **word** here", "Italic": "a *word* here", "Code": "a `word` here",
		"Link": "a [word](https://) here", "Quote": "a \n\n> word here", "List": "a \n\n- word here",
	} {
		s := newService(t)
		r := visit(t, s, options{})
		r.write("a word here")
		r.waitFor(`($('[part=body]').setSelectionRange(2, 6), true)`)
		r.must(r.Click("button", tool))
		if got := r.value(); got != want {
			t.Errorf("%s gives %q, want %q", tool, got, want)
		}
		r.waitFor(`root.activeElement === $('[part=body]')`)
	}
}

func TestForm_FailedLoadKeepsText(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	s.failNext("GET embed-form.js", brokenAnswer)
	r.must(r.Type("textbox", "Comment", "Which valve?"))
	r.hasText("[role=alert]", "The form could not be loaded. Your text is safe.")
	r.screenshot()
	r.must(r.Click("button", "Try again"))
	r.must(r.See("button", "Post comment"))
	r.waitFor(`$('[part=body]').value === 'Which valve?'`)
}

func TestForm_RemembersNameWithConsent(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("one")
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Click("button", "Post comment"))
	r.hasText(".own", "Lena")
	r.open("/")
	r.write("two")
	r.waitFor(`$('[part=name]').value === ''`)
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Click("checkbox", "Remember my name on this device"))
	r.must(r.Click("button", "Post comment"))
	r.hasText(".own", "two")
	r.open("/")
	r.write("three")
	r.waitFor(`$('[part=name]').value === 'Lena' && $('[name=remember]').checked`)
}

func TestOwn_ApprovedCanBeWithdrawn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	s.editWindow = time.Minute / 2
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.hasText(".own", "1 min left")
	s.decide("p9", "approved", "", "")
	r.open("/")
	r.must(r.See("heading", "8 comments"))
	r.waitFor(`!$('.own') && $('#aitys-p9 .acts').innerText.includes('Withdraw')`)
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.hasText(".gone", "You withdrew this comment.")
}

func TestPost_OtherDataGetsSpareKey(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	s.failNext("POST comments", brokenAnswer, failure{status: 422, code: "idempotency.mismatch"})
	r.post("Which valve?")
	r.hasText("[role=alert]", "Not sent.")
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Click("button", "Post comment"))
	r.hasText(".own", "Lena")
}

func TestDraft_EmailIsForgottenAfterPost(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	s.failNext("POST comments", brokenAnswer)
	r.write("Which valve?")
	r.must(r.Type("textbox", "E-mail", "lena@example.org"))
	r.must(r.Click("button", "Post comment"))
	r.hasText("[role=alert]", "Not sent.")
	r.must(r.Holds(`Object.values(localStorage).join().includes('lena@')`))
	r.must(r.Click("button", "Try again"))
	r.hasText(".own", "Which valve?")
	r.must(r.Holds(`!Object.values(localStorage).join().includes('lena@')`))
}

// TestWarning_IsShownOncePerDraft posts a text that may be rejected. The commenter edits it, or sends it unchanged.
func TestWarning_IsShownOncePerDraft(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lang, comment, post, says, words, change, anyway, then, usually string }{
		{"en", "Comment", "Post comment", "This may be refused as a personal attack.",
			"Mainly: “lazy”, “selfish<b>”.", "Edit", "Send as is", "waiting for a moderator",
			"Usually reviewed within 3 hours."},
		{"ru", "Комментарий", "Отправить комментарий", "Комментарий могут отклонить: личные нападки.",
			"В основном: “lazy”, “selfish<b>”.", "Изменить", "Отправить как есть", "ждёт модератора",
			"Обычно проверяют в течение 3 часов."},
		{"kk", "Пікір", "Пікірді жіберу", "Пікір жеке басқа тиіскені үшін қабылданбауы мүмкін.",
			"Негізінен: “lazy”, “selfish<b>”.", "Өзгерту", "Сол күйінде жіберу", "модераторды күтіп тұр",
			"Әдетте 3 сағат ішінде тексеріледі."},
	} {
		t.Run(tt.lang, func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			s.usually = "3h"
			r := visit(t, s, options{lang: tt.lang, width: 390, dark: tt.lang == "ru"})
			r.must(r.Type("textbox", tt.comment, "Who drives here is lazy and selfish<b>."))
			r.hasText("form", tt.usually)
			r.must(r.Click("button", tt.post))
			r.hasText("[role=alert]", tt.says)
			r.hasText("[role=alert]", tt.words)
			r.waitFor(`root.activeElement.innerText === '` + tt.change + `' && !$('[role=alert] b')`)
			r.screenshot()
			if posts, _ := s.posts(); len(posts) != 0 {
				t.Errorf("it was sent before its writer chose: %v", posts)
			}
			r.must(r.Click("button", tt.change))
			r.waitFor(`root.activeElement === $('[part=body]') && !$('[role=alert]')`)
			r.must(r.Click("button", tt.post)) // the warning is shown once per draft
			r.hasText("[part=status]", tt.then)
			r.hasText("[part=status]", tt.usually)
		})
	}
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.must(r.Type("textbox", "Comment", "They are lazy and selfish<b>."))
	r.must(r.Click("button", "Post comment"))
	r.must(r.Click("button", "Send as is"))
	r.hasText("[part=status]", "waiting for a moderator")
	r.waitFor(`!$('[part=status]').innerText.includes('sually')`)

	// Without an answer in time the comment is posted.
	defer s.block("POST preview")()
	r.must(r.Click("button", "Write another"))
	r.must(r.Type("textbox", "Comment", "Lazy and selfish<b> again."))
	r.must(r.Click("button", "Post comment"))
	r.hasText("[part=status]", "waiting for a moderator")
}

// TestSignIn_AcceptsOnlyServiceMessages sends identities from the blog and from other origins, and malformed ones from
// the service. All must be ignored.
func TestSignIn_AcceptsOnlyServiceMessages(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.must(r.Click("textbox", "Comment"))
	r.must(r.See("button", "Post comment"))
	said := func(name string) string {
		return `{aitys: 'identity', identity: 'given', name: '` + name +
			`', badge: 'owner', expires_at: '2099-01-01T00:00:00Z'}`
	}
	from := func(origin, data string) string {
		return `dispatchEvent(new MessageEvent('message', {origin: '` + origin + `', data: ` + data + `}))`
	}
	_, err := testkit.Eval[bool](r.Tab, `new Promise(done => {
		addEventListener('message', () => setTimeout(() => done(true)), {once: true}); postMessage(`+said("Blog")+`, '*') })`)
	r.must(err)
	for _, origin := range []string{"", "null", "https://evil.example", s.URL + ".evil.example", s.URL + "/",
		strings.Replace(s.URL, "127.0.0.1", "localhost", 1), strings.ToUpper(s.URL),
		strings.Replace(s.URL, "http", "https", 1)} {
		_, err := testkit.Eval[bool](r.Tab, from(origin, said("Mallory")))
		r.must(err)
	}
	for _, data := range []string{
		"null", "'identity'", "{}", "{aitys: 'other', identity: 'given', name: 'Mallory'}", "[]",
	} {
		_, err := testkit.Eval[bool](r.Tab, from(s.URL, data))
		r.must(err)
	}
	r.waitFor(`!$('form').classList.contains('known') && !JSON.stringify({...localStorage}).includes('given')`)
	_, err = testkit.Eval[bool](r.Tab, from(s.URL, said("Dana")))
	r.must(err)
	r.hasText("form", "Dana")
	r.waitFor(`!/Blog|Mallory/.test($('form').innerText) && JSON.stringify({...localStorage}).includes('given')`)
}
