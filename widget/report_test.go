package widget_test

import (
	"net/http"
	"testing"
)

// complain answers who reports or appeals, and keeps what they said.
func (s *service) complain(w http.ResponseWriter, r *http.Request) {
	in := read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.complaints = append(s.complaints, in); len(s.complaints) > 1 && in["reason"] != nil {
		answer(w, 422, map[string]any{"code": "report.repeated"})
		return
	}
	answer(w, 202, map[string]any{})
}

func (s *service) complained() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.complaints
}

func TestACommentIsReported(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{}, {width: 390, dark: true, lang: "kk"}} {
		s := newService(t)
		conversation(s)
		r := visit(t, s, o)
		says := map[string][]string{
			"":   {"Report", "Personal attack", "What should the moderator know? (optional)", "Reported.", "already"},
			"kk": {"Шағым", "Жеке басқа тиісу", "Модератор нені білуі керек? (міндетті емес)", "Шағым жіберілді.", "қойғансыз"},
		}[o.lang]
		r.holds(`($('#aitys-c1 .acts').lastElementChild.click(), true)`)
		r.holds(`$('dialog:modal')?.contains($('dialog').getRootNode().activeElement)`)
		for _, problem := range append(r.unnamed(), r.misbuilt()...) {
			t.Error(problem)
		}
		r.picture()
		// Without a reason nothing is sent.
		r.holds(`($('dialog .go').click(), $('dialog :invalid') !== null)`)
		r.holds(`($('dialog [value=personal_attack]').click(), true)`)
		r.must(r.Type("textbox", says[2], "It is about my brother."))
		s.fail("POST comments", failure{status: 503, code: "busy"})
		r.holds(`($('dialog .go').click(), true)`)
		r.says("dialog [role=alert]", "")
		r.holds(`($('dialog .go').click(), true)`)
		r.says("#aitys-c1 .acts", says[3])
		r.holds(`!$('dialog')`)
		in := s.complained()
		if len(in) != 1 || in[0]["reason"] != "personal_attack" || in[0]["detail"] != "It is about my brother." {
			t.Errorf("the service was told %v", in)
		}
		r.holds(`($('#aitys-c1 .acts > button:last-of-type').click(), !!$('dialog'))`)
		r.holds(`($('dialog [value=spam]').click(), $('dialog .go').click(), true)`)
		r.says("#aitys-c1 .acts", says[4])
	}
}

func TestARefusalIsAppealedOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.post("One")
	r.says("[part=status]", "waiting")
	s.decide("p9", "rejected", "personal_attack", "Leave Tomasz out.")
	r.open("/")
	r.says(".own", "Not published: personal attack")
	r.must(r.Click("button", "Ask for a second look"))
	r.must(r.Type("textbox", "Why should it be looked at again?", "We are friends."))
	for _, problem := range append(r.unnamed(), r.misbuilt()...) {
		t.Error(problem)
	}
	r.picture()
	r.must(r.Click("button", "Ask for a second look"))
	r.says(".own", "Second look asked.")
	r.holds(`![...$$('.own button')].some(b => b.textContent.includes('second look'))`)
	if in := s.complained(); len(in) != 1 || in[0]["text"] != "We are friends." {
		t.Errorf("the service was told %v", in)
	}
}
