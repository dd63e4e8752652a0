package widget_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// write opens the form and fills its text.
func (r *reader) write(text string) {
	r.t.Helper()
	r.must(r.Type("textbox", "Comment", text))
	r.must(r.See("button", "Post comment"))
}

// value is what stands in the field of the form.
func (r *reader) value() string {
	r.t.Helper()
	v, err := testkit.Eval[string](r.Tab, inside(`$('[part=body]').value`))
	r.must(err)
	return v
}

func (r *reader) post(text string) {
	r.t.Helper()
	r.write(text)
	r.must(r.Click("button", "Post comment"))
}

// reply takes the form to the first comment.
func (r *reader) reply() {
	r.t.Helper()
	r.must(r.Click("button", "Reply"))
	r.says("form", "Reply to ")
}

// posts returns what was posted and under which keys.
func (s *service) posts() (bodies, keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies), slices.Clone(s.keys)
}

func TestTheFormOpensInPlaceAndKeepsFocusAndText(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{width: 1280}, {width: 390, dark: true}, {width: 280}} {
		t.Run("", func(t *testing.T) {
			s := newService(t)
			conversation(s)
			r := visit(t, s, o)
			r.must(r.Click("textbox", "Comment"))
			for _, field := range []string{"Comment", "Name", "E-mail"} {
				r.must(r.See("textbox", field))
			}
			r.must(r.See("button", "Post comment"))
			r.must(r.See("toolbar", "Formatting"))
			r.holds(`root.activeElement === $('[part=body]') && $('[part=form]').contains($('[part=submit]'))`)
			r.must(r.Type("textbox", "Comment", "Which valve did it use?"))
			r.picture()
		})
	}
}

func TestAPostedCommentWaitsAndIsStillThereAfterAReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{width: 390})
	r.must(r.Type("textbox", "Comment", "Which valve did it use?"))
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Type("textbox", "E-mail", "lena@example.org"))
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "Your comment is waiting for a moderator.")
	r.says("[part=status]", "You can change it for 15 minutes and withdraw it at any time.")
	r.holds(`root.activeElement === $('[part=status]') && !$('form')`)
	r.must(r.Holds(`window.heard[0][0] === 'posted' && window.heard[0][1].state === 'pending'`))
	r.picture()
	r.open("/")
	r.says(".own", "Lena")
	r.says(".own", "Waiting for a moderator")
	r.says(".own", "15 min left")
	r.holds(`$('[part=body]').value === '' && $('.list > li:last-child .own')`)
}

func TestARefusalSaysWhyAndTheTextCanBeWrittenAnew(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{width: 390})
	r.post("You, Tomasz, are a fool.")
	r.says("[part=status]", "waiting for a moderator")
	s.decide("p9", "rejected", "personal_attack", "The first half is a fair opinion. Leave Tomasz out.")
	r.open("/")
	r.says(".own", "Not published: personal attack")
	r.says(".own", "A moderator decided this.")
	r.says(".own", "It speaks about a person rather than about what they said. Our rules")
	r.says(".own", "From the moderator: “The first half is a fair opinion. Leave Tomasz out.”")
	r.picture()
	r.must(r.Click("button", "Our rules"))
	r.holds(`root.activeElement.id === 'rules'`)
	r.must(r.Click("button", "Write it anew"))
	r.holds(`root.activeElement === $('[part=body]') && $('[part=body]').value === 'You, Tomasz, are a fool.'`)
}

func TestAWaitingCommentIsEditedAndWithdrawn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.must(r.Click("button", "Edit"))
	r.must(r.Type("textbox", "Edit your comment", "And since when? "))
	r.picture()
	r.must(r.Click("button", "Save"))
	r.says(".own", "And since when?")
	r.says(".vh", "Saved. Your comment is waiting for a moderator.")
	r.must(r.Click("button", "Withdraw"))
	r.must(r.See("button", "Keep it"))
	r.must(r.Click("button", "Keep it"))
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.says(".gone", "You withdrew this comment.")
	r.open("/")
	r.holds(`!$('.own')`)
}

func TestAnEditAfterTheWindowLosesNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.must(r.Click("button", "Edit"))
	s.fail("PATCH comments", failure{status: 403, code: "edit.expired"})
	r.must(r.Type("textbox", "Edit your comment", "And since when? "))
	r.must(r.Click("button", "Save"))
	r.says("[role=alert]", "Not saved. Your text is safe. The time for changes is over.")
	r.holds(`$('.own textarea').value.includes('since when') && !$('.own textarea').readOnly`)
}

func TestAReplyStandsBelowItsComment(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.write("A thought for everybody.")
	r.reply()
	r.says("form", "Reply to Marta Lindqvist")
	r.holds(`root.activeElement === $('[part=body]') && $('[part=body]').value === ''`)
	r.must(r.Type("textbox", "Comment", "So did mine."))
	r.picture()
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "waiting for a moderator")
	r.holds(`$('.own').closest('details').previousElementSibling !== null &&
		$('.own').closest('li').parentElement.closest('li').innerText.includes('Marta')`)
	r.must(r.Click("button", "Write another"))
	r.holds(`$('[part=body]').value === 'A thought for everybody.' && !$('form').innerText.includes('Reply to')`)
}

func TestNoFailureLosesTheText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		failure
		says string
	}{
		{"no answer", cut, "Not sent. Your text is safe. The service did not answer."},
		{"rate", failure{status: 429, code: "rate.limited", wait: 42},
			"Not sent. Your text is safe. Many comments came in a short time. " +
				"You can send this one in 42 seconds."},
		{"busy", failure{status: 503, code: "busy", wait: 1}, "The service is busy. Try again in 1 second."},
		{"full", failure{status: 507, code: "storage.full"}, "The service cannot store comments at the moment."},
		{"closed", failure{status: 422, code: "page.closed"}, "Comments on this page were closed in the meantime."},
		{"foreign", failure{status: 403, code: "origin.foreign"}, "does not accept comments from this address"},
		{"something new", failure{status: 418, code: "tea.pot"}, "The service refused it: tea.pot."},
		{"internal", failure{status: 500, code: "internal"}, "Not sent."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			conversation(s)
			r := visit(t, s, options{width: 390})
			s.fail("POST comments", tt.failure)
			r.post("Which valve did it use?")
			r.says("[role=alert]", tt.says)
			r.holds(`$('[part=body]').value === 'Which valve did it use?' && !$('[part=body]').readOnly`)
			r.picture()
			r.open("/")
			r.holds(`$('[part=body]').value === 'Which valve did it use?'`)
			r.must(r.Click("button", "Post comment"))
			r.says("[part=status]", "waiting for a moderator")
			_, keys := s.posts()
			if len(keys) == 2 && keys[0] != keys[1] || len(keys[len(keys)-1]) < 16 {
				t.Errorf("the retry of one text used keys %v", keys)
			}
		})
	}
}

func TestAChangedTextIsSentUnderAnotherKey(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.post("one")
	r.must(r.Click("button", "Write another"))
	r.post("two")
	r.says(".own", "two")
	bodies, keys := s.posts()
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("%v went under %v", bodies, keys)
	}
}

func TestTheSameAgainIsToldPlainly(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	r.post("Which valve?")
	r.must(r.Click("button", "Write another"))
	r.post("Which valve?")
	r.says("[part=status]", "You have sent this comment before. It is kept once; nothing was added.")
	r.picture()
}

func TestWhatIsWrongStandsBesideItsField(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, email, says, field string }{
		{"empty", " ", "", "There is no text yet.", "body"},
		{"long", strings.Repeat("a", 10001), "", "A comment may have 10,000 characters; this one has 10,001.", "body"},
		{"e-mail", "Yes.", "nobody", "This is not an e-mail address.", "email"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t)
			r := visit(t, s, options{width: 390})
			r.write(tt.text)
			if tt.email != "" {
				r.must(r.Type("textbox", "E-mail", tt.email))
			}
			r.must(r.Click("button", "Post comment"))
			r.says("[role=alert]", tt.says)
			r.holds(`root.activeElement === $('[part=` + tt.field +
				`]') && root.activeElement.getAttribute('aria-invalid') === 'true'`)
			if tt.name != "long" { // the field grows with the window, and a picture of the whole page with it
				r.picture()
			}
			if bodies, _ := s.posts(); len(bodies) > 0 {
				t.Errorf("it was sent all the same")
			}
		})
	}
}

func TestAFieldThatTheServiceRefusesIsNamed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	s.fail("POST comments", failure{status: 422, code: "field.invalid", field: "/author/name"})
	r.post("Yes.")
	r.says("[role=alert]", "This site asks for a name.") // since the page was loaded
	s.fail("POST comments", failure{status: 422, code: "field.invalid", field: "/author/name"})
	r.must(r.Type("textbox", "Name", "Dana"))
	r.must(r.Click("button", "Post comment"))
	r.says("[role=alert]", "This name cannot be used: it is too long, or that of somebody who works on this site")
	r.holds(`root.activeElement === $('[part=name]')`)
}

func TestAReplyWhoseParentIsGoneBecomesACommentOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.reply()
	s.fail("POST comments", failure{status: 422, code: "parent.unknown"})
	r.post("So did mine.")
	r.says("[role=alert]", "The comment you reply to is no longer here.")
	r.must(r.Click("button", "Post it as a new comment"))
	r.says("[part=status]", "waiting for a moderator")
	r.holds(`$('.list > li:last-child .own').innerText.includes('So did mine.')`)
}

func TestThePreviewShowsWhatWouldStandThere(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("One\n\nTwo <b>")
	r.must(r.Click("button", "Preview"))
	r.holds(`$$('.seen p').length === 2 && $('.seen').innerText.includes('<b>') && $('[part=body]').hidden`)
	r.picture()
	r.must(r.Click("button", "Preview"))
	r.holds(`!$('.seen') && !$('[part=body]').hidden && root.activeElement === $('[part=body]')`)
}

func TestTheToolbarMarksWhatIsSelected(t *testing.T) {
	t.Parallel()
	for tool, want := range map[string]string{
		"Bold": "a **word** here", "Italic": "a *word* here", "Code": "a `word` here",
		"Link": "a [word](https://) here", "Quote": "a \n\n> word here", "List": "a \n\n- word here",
	} {
		s := newService(t)
		r := visit(t, s, options{})
		r.write("a word here")
		r.holds(`($('[part=body]').setSelectionRange(2, 6), true)`)
		r.must(r.Click("button", tool))
		if got := r.value(); got != want {
			t.Errorf("%s gives %q, want %q", tool, got, want)
		}
		r.holds(`root.activeElement === $('[part=body]')`)
	}
}

func TestAFormThatCannotBeLoadedKeepsTheText(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{width: 390})
	s.fail("GET embed-form.js", cut)
	r.must(r.Type("textbox", "Comment", "Which valve?"))
	r.says("[role=alert]", "The form could not be loaded. What you wrote is still here.")
	r.picture()
	r.must(r.Click("button", "Try again"))
	r.must(r.See("button", "Post comment"))
	r.holds(`$('[part=body]').value === 'Which valve?'`)
}

func TestTheNameIsRememberedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	r.write("one")
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Click("button", "Post comment"))
	r.says(".own", "Lena")
	r.open("/")
	r.write("two")
	r.holds(`$('[part=name]').value === ''`)
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Click("checkbox", "Remember my name on this device"))
	r.must(r.Click("button", "Post comment"))
	r.says(".own", "two")
	r.open("/")
	r.write("three")
	r.holds(`$('[part=name]').value === 'Lena' && $('[name=remember]').checked`)
}

func TestApprovedCommentsOfOnesOwnCanStillBeWithdrawn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	s.window = time.Minute / 2
	r := visit(t, s, options{})
	r.post("Which valve?")
	r.says(".own", "1 min left")
	s.decide("p9", "approved", "", "")
	r.open("/")
	r.must(r.See("heading", "8 comments"))
	r.holds(`!$('.own') && $('#aitys-p9 .acts').innerText.includes('Withdraw')`)
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.says(".gone", "You withdrew this comment.")
}

func TestOtherParticularsUnderAnOldKeyGoUnderANewOne(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	s.fail("POST comments", cut, failure{status: 422, code: "idempotency.mismatch"})
	r.post("Which valve?")
	r.says("[role=alert]", "Not sent.")
	r.must(r.Type("textbox", "Name", "Lena"))
	r.must(r.Click("button", "Post comment"))
	r.says(".own", "Lena")
}

func TestTheEmailIsKeptNoLongerThanTheDraftUnlessAsked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := visit(t, s, options{})
	s.fail("POST comments", cut)
	r.write("Which valve?")
	r.must(r.Type("textbox", "E-mail", "lena@example.org"))
	r.must(r.Click("button", "Post comment"))
	r.says("[role=alert]", "Not sent.")
	r.must(r.Holds(`Object.values(localStorage).join().includes('lena@')`))
	r.must(r.Click("button", "Try again"))
	r.says(".own", "Which valve?")
	r.must(r.Holds(`!Object.values(localStorage).join().includes('lena@')`))
}

// A text that may be refused is held back by a word, once: its writer changes it, or sends it as it is.
func TestAWordBeforeSending(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ lang, comment, post, says, words, change, anyway, then, usually string }{
		{"en", "Comment", "Post comment", "It may be refused because it speaks about a person.",
			"Above all: “lazy”, “selfish<b>”.", "Change it", "Send it as it is", "waiting for a moderator",
			"Usually decided within 3 hours."},
		{"ru", "Комментарий", "Отправить комментарий", "Его могут отклонить: он говорит о человеке.",
			"Прежде всего: “lazy”, “selfish<b>”.", "Изменить", "Отправить как есть", "ждёт модератора",
			"Обычно решают за 3 часа."},
		{"kk", "Пікір", "Пікірді жіберу", "Қабылданбауы мүмкін: ол адамның өзі туралы.",
			"Әсіресе: “lazy”, “selfish<b>”.", "Өзгерту", "Сол күйінде жіберу", "модераторды күтіп тұр",
			"Әдетте 3 сағат ішінде шешіледі."},
	} {
		t.Run(tt.lang, func(t *testing.T) {
			s := newService(t)
			conversation(s)
			s.usually = "3h"
			r := visit(t, s, options{lang: tt.lang, width: 390, dark: tt.lang == "ru"})
			r.must(r.Type("textbox", tt.comment, "Who drives here is lazy and selfish<b>."))
			r.says("form", tt.usually)
			r.must(r.Click("button", tt.post))
			r.says("[role=alert]", tt.says)
			r.says("[role=alert]", tt.words)
			r.holds(`root.activeElement.innerText === '` + tt.change + `' && !$('[role=alert] b')`)
			r.picture()
			if posts, _ := s.posts(); len(posts) != 0 {
				t.Errorf("it was sent before its writer chose: %v", posts)
			}
			r.must(r.Click("button", tt.change))
			r.holds(`root.activeElement === $('[part=body]') && !$('[role=alert]')`)
			r.must(r.Click("button", tt.post)) // once a draft
			r.says("[part=status]", tt.then)
			r.says("[part=status]", tt.usually)
		})
	}
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.must(r.Type("textbox", "Comment", "They are lazy and selfish<b>."))
	r.must(r.Click("button", "Post comment"))
	r.must(r.Click("button", "Send it as it is"))
	r.says("[part=status]", "waiting for a moderator")
	r.holds(`!$('[part=status]').innerText.includes('sually')`)

	// An answer that does not come keeps nothing back.
	defer s.hold("POST preview")()
	r.must(r.Click("button", "Write another"))
	r.must(r.Type("textbox", "Comment", "Lazy and selfish<b> again."))
	r.must(r.Click("button", "Post comment"))
	r.says("[part=status]", "waiting for a moderator")
}

// Only the service's own window says who signed in: what scripts and frames of the blog post, or anybody else, is not
// heard, and what has another form is no identity.
func TestOnlyTheServicesWindowSaysWhoSignedIn(t *testing.T) {
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
	r.holds(`!$('form').classList.contains('known') && !JSON.stringify({...localStorage}).includes('given')`)
	_, err = testkit.Eval[bool](r.Tab, from(s.URL, said("Dana")))
	r.must(err)
	r.says("form", "Dana")
	r.holds(`!/Blog|Mallory/.test($('form').innerText) && JSON.stringify({...localStorage}).includes('given')`)
}
