package widget_test

import (
	"testing"
)

// courtRequest is the notice of a public legal request.
var courtRequest = map[string]any{"by": "District court of Almaty", "kind": "court", "law": "Law on mass media, art. 44",
	"at": "2026-11-19T00:00:00Z"}

// withhold hides a comment under a legal request with a notice, or nil if the request is confidential.
func (s *service) withhold(id string, told any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(id)
	c.State, c.Withheld = "withheld", told
	if c.body == "" { // authors can read their own comments
		c.Author, c.HTML = nil, nil
	}
}

func TestWithheld_ShowsNotice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		o    options
		told any
		says string
	}{
		{options{}, courtRequest, "This comment is hidden by legal request. Requested by: District court of Almaty. " +
			"Law: Law on mass media, art. 44. Received: 19 Nov 2026. Legal requests"},
		{options{lang: "ru", width: 390, dark: true}, courtRequest, "Этот комментарий скрыт по юридическому требованию. " +
			"Заявитель: District court of Almaty. Закон: Law on mass media, art. 44. Получено: 19 нояб. 2026. Юридические требования"},
		{options{lang: "kk", width: 280}, map[string]any{"by": nil, "kind": "person", "law": "", "at": courtRequest["at"]},
			"Бұл пікір заңды талап бойынша жасырылған. Талап етуші: жеке тұлға. Түскен күні: 2026 ж. 19 қар. Заңды талаптар"},
		{options{}, nil, "This comment is hidden by legal request. Legal requests"},
		{options{}, map[string]any{"by": `<img src=x onerror="alert(1)">`, "kind": "emperor", "law": "</p><b>bold",
			"at": courtRequest["at"]}, `Requested by: <img src=x onerror="alert(1)">. Law: </p><b>bold. Received:`},
	} {
		t.Run(tt.o.lang+tt.says[:20], func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			s.withhold("c6", tt.told)
			r := visit(t, s, tt.o)
			r.hasText("#aitys-c6", tt.says)
			lang := tt.o.lang
			if lang == "" {
				lang = "en"
			}
			r.waitFor(`$('#aitys-c6 a').href === '` + s.URL + `/sites/demo/transparency?lang=` + lang + `#demands' &&
				$('#aitys-c7') && !$('#aitys-c6 .acts') && !$('img') && !$('.told b')`)
			for _, problem := range append(r.unnamedNodes(), r.layoutProblems()...) {
				t.Error(problem)
			}
			r.screenshot()
		})
	}
}

// TestWithheld_LiveAndReload withholds one comment by an event of the stream, and a whole page by its reload event.
func TestWithheld_LiveAndReload(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{fastTimers: true})
	waitForStreams(t, s, 1)
	before := *s.find("c2")
	s.withhold("c2", courtRequest)
	s.sendEvent(1, "removed", s.find("c2"))
	s.sendEvent(2, "count", map[string]int{"count": 6})
	r.hasText("#aitys-c2", "Requested by: District court of Almaty.")
	r.waitFor(`$('h2').innerText === '6 comments' && $('#aitys-c3 [part=content]')`)
	s.mu.Lock()
	*s.find("c2") = before
	s.mu.Unlock()
	s.sendEvent(3, "comment", before) // with the same version
	r.hasText("#aitys-c2 [part=content]", "А какие станции")
	for _, id := range []string{"c1", "c2", "c3", "c4", "c5", "c7"} {
		s.withhold(id, nil)
	}
	s.decide("c8", "rejected", "other", "")
	s.sendEvent(4, "reload", map[string]int{})
	r.waitFor(`$$('.told').length === 6 && !$('[part=content]')`)
	r.hasText("#aitys-c8", "This comment was removed.")
}

// TestWithheld_AuthorSeesNotice shows the author a withheld comment. It must not look like a rejection.
func TestWithheld_AuthorSeesNotice(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := visit(t, s, options{})
	r.post("What the harbour cost")
	r.hasText("[part=status]", "waiting")
	s.withhold("p9", courtRequest)
	r.open("/")
	r.hasText(".own", "What the harbour cost")
	r.hasText(".own", "Requested by: District court of Almaty. Law: Law on mass media, art. 44.")
	r.hasText(".own", "Only you see it. It is shown again when the legal request ends.")
	r.waitFor(`!$$('.own strong').length && !$('.own .err')`)
	r.screenshot()
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.hasText(".gone", "You withdrew this comment.")
}
