package widget_test

import (
	"net/http"
	"testing"
)

// receiveReport answers reports and appeals, and stores them. A second report is refused as repeated.
func (s *service) receiveReport(w http.ResponseWriter, r *http.Request) {
	in := read(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reports = append(s.reports, in); len(s.reports) > 1 && in["reason"] != nil {
		answer(w, 422, map[string]any{"code": "report.repeated"})
		return
	}
	answer(w, 202, map[string]any{})
}

func (s *service) receivedReports() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports
}

func TestReport_SendsReason(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{}, {width: 390, dark: true, lang: "kk"}} {
		s := newService(t)
		addConversation(s)
		r := visit(t, s, o)
		says := map[string][]string{
			"":   {"Report", "Personal attack", "Details (optional)", "Reported.", "already"},
			"kk": {"Шағым", "Жеке басқа тиісу", "Толығырақ (міндетті емес)", "Шағым жіберілді.", "қойғансыз"},
		}[o.lang]
		r.waitFor(`($('#aitys-c1 .acts').lastElementChild.click(), true)`)
		r.waitFor(`$('dialog:modal')?.contains($('dialog').getRootNode().activeElement)`)
		for _, problem := range append(r.unnamedNodes(), r.layoutProblems()...) {
			t.Error(problem)
		}
		r.screenshot()
		// A report without a reason is not sent.
		r.waitFor(`($('dialog .go').click(), $('dialog :invalid') !== null)`)
		r.waitFor(`($('dialog [value=personal_attack]').click(), true)`)
		r.must(r.Type("textbox", says[2], "It is about my brother."))
		s.failNext("POST comments", failure{status: 503, code: "busy"})
		r.waitFor(`($('dialog .go').click(), true)`)
		r.hasText("dialog [role=alert]", "")
		r.waitFor(`($('dialog .go').click(), true)`)
		r.hasText("#aitys-c1 .acts", says[3])
		r.waitFor(`!$('dialog')`)
		in := s.receivedReports()
		if len(in) != 1 || in[0]["reason"] != "personal_attack" || in[0]["detail"] != "It is about my brother." {
			t.Errorf("the service was told %v", in)
		}
		r.waitFor(`($('#aitys-c1 .acts > button:last-of-type').click(), !!$('dialog'))`)
		r.waitFor(`($('dialog [value=spam]').click(), $('dialog .go').click(), true)`)
		r.hasText("#aitys-c1 .acts", says[4])
	}
}

func TestAppeal_IsSentOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.post("One")
	r.hasText("[part=status]", "waiting")
	s.decide("p9", "rejected", "personal_attack", "Leave Tomasz out.")
	r.open("/")
	r.hasText(".own", "Not published: personal attack")
	r.must(r.Click("button", "Ask for a second look"))
	r.must(r.Type("textbox", "Why should we look again?", "We are friends."))
	for _, problem := range append(r.unnamedNodes(), r.layoutProblems()...) {
		t.Error(problem)
	}
	r.screenshot()
	r.must(r.Click("button", "Ask for a second look"))
	r.hasText(".own", "Second look requested.")
	r.waitFor(`![...$$('.own button')].some(b => b.textContent.includes('second look'))`)
	if in := s.receivedReports(); len(in) != 1 || in[0]["text"] != "We are friends." {
		t.Errorf("the service was told %v", in)
	}
}
