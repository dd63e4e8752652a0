package widget_test

import (
	"testing"
)

// court is what is told of a demand that everybody may know.
var court = map[string]any{"by": "District court of Almaty", "kind": "court", "law": "Law on mass media, art. 44",
	"at": "2026-11-19T00:00:00Z"}

// withhold keeps a comment from readers, who are told of a demand; nil: it is sealed.
func (s *service) withhold(id string, told any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(id)
	c.State, c.Withheld = "withheld", told
	if c.body == "" { // its writer has what they wrote
		c.Author, c.HTML = nil, nil
	}
}

func TestAWithheldCommentKeepsItsPlaceAndSaysWhoDemandsIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		o    options
		told any
		says string
	}{
		{options{}, court, "This comment is withheld on demand. Demanded by: District court of Almaty. " +
			"Law: Law on mass media, art. 44. Received: 19 Nov 2026. The register"},
		{options{lang: "ru", width: 390, dark: true}, court, "Этот комментарий скрыт по требованию. " +
			"Кто требует: District court of Almaty. Закон: Law on mass media, art. 44. Получено: 19 нояб. 2026. Реестр"},
		{options{lang: "kk", width: 280}, map[string]any{"by": nil, "kind": "person", "law": "", "at": court["at"]},
			"Бұл пікір талап бойынша жасырылған. Талап етуші: жеке тұлға. Түскен күні: 2026 ж. 19 қар. Тізілім"},
		{options{}, nil, "This comment is withheld on demand. The register"},
		{options{}, map[string]any{"by": `<img src=x onerror="alert(1)">`, "kind": "emperor", "law": "</p><b>bold",
			"at": court["at"]}, `Demanded by: <img src=x onerror="alert(1)">. Law: </p><b>bold. Received:`},
	} {
		t.Run(tt.o.lang+tt.says[:20], func(t *testing.T) {
			s := newService(t)
			conversation(s)
			s.withhold("c6", tt.told)
			r := visit(t, s, tt.o)
			r.says("#aitys-c6", tt.says)
			lang := tt.o.lang
			if lang == "" {
				lang = "en"
			}
			r.holds(`$('#aitys-c6 a').href === '` + s.URL + `/sites/demo/transparency?lang=` + lang + `#demands' &&
				$('#aitys-c7') && !$('#aitys-c6 .acts') && !$('img') && !$('.told b')`)
			for _, problem := range append(r.unnamed(), r.misbuilt()...) {
				t.Error(problem)
			}
			r.picture()
		})
	}
}

// TestWhatIsWithheldWhileOneReads is told by the stream, and where a whole page is meant by a look.
func TestWhatIsWithheldWhileOneReads(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{hurried: true})
	heard(t, s, 1)
	before := *s.find("c2")
	s.withhold("c2", court)
	s.tell(1, "removed", s.find("c2"))
	s.tell(2, "count", map[string]int{"count": 6})
	r.says("#aitys-c2", "Demanded by: District court of Almaty.")
	r.holds(`$('h2').innerText === '6 comments' && $('#aitys-c3 [part=content]')`)
	s.mu.Lock()
	*s.find("c2") = before
	s.mu.Unlock()
	s.tell(3, "comment", before) // of the same version
	r.says("#aitys-c2 [part=content]", "А какие станции")
	for _, id := range []string{"c1", "c2", "c3", "c4", "c5", "c7"} {
		s.withhold(id, nil)
	}
	s.decide("c8", "rejected", "other", "")
	s.tell(4, "reload", map[string]int{})
	r.holds(`$$('.told').length === 6 && !$('[part=content]')`)
	r.says("#aitys-c8", "This comment was removed.")
}

// TestAWriterIsToldOfADemandAndNotOfARefusal reads the own comment after it was published and withheld.
func TestAWriterIsToldOfADemandAndNotOfARefusal(t *testing.T) {
	t.Parallel()
	s := newService(t)
	conversation(s)
	r := visit(t, s, options{})
	r.post("What the harbour cost")
	r.says("[part=status]", "waiting")
	s.withhold("p9", court)
	r.open("/")
	r.says(".own", "What the harbour cost")
	r.says(".own", "Demanded by: District court of Almaty. Law: Law on mass media, art. 44.")
	r.says(".own", "Only you see it. No moderator refused it, and it is shown again when the demand ends.")
	r.holds(`!$$('.own strong').length && !$('.own .err')`)
	r.picture()
	r.must(r.Click("button", "Withdraw"))
	r.must(r.Click("button", "Withdraw it"))
	r.says(".gone", "You withdrew this comment.")
}
