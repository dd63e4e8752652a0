package classifier

import (
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/classifier/table"
)

// kazakhByLabel returns the ham and the spam of the Kazakh stream.
func kazakhByLabel(t *testing.T) (ham, spam []Comment) {
	t.Helper()
	for _, l := range kazakhStream(t) {
		switch l.Label {
		case Ham:
			ham = append(ham, l.Comment)
		case Spam:
			spam = append(spam, l.Comment)
		}
	}
	return ham, spam
}

// foldComments returns the model of comments. each holds labels and the comments that they apply to, in order.
func foldComments(each ...any) *Model {
	var lessons []Lesson
	label := Ham
	for _, e := range each {
		switch e := e.(type) {
		case Label:
			label = e
		case []Comment:
			for _, c := range e {
				lessons = append(lessons, Lesson{Seq: uint64(len(lessons) + 1), Label: label, Comment: c})
			}
		}
	}
	return Fold(slices.Values(lessons))
}

// sharePercent returns the percentage of comments whose probability of spam is at least p.
func sharePercent(m *Model, all []Comment, p float64) float64 {
	n := 0
	for _, c := range all {
		if m.Judge(Read(c)).Spam >= p {
			n++
		}
	}
	return 100 * float64(n) / float64(len(all))
}

// A moderator may approve a page of comments and then mark another page as spam, or the other way round. The model must
// not predict the last class for everything.
func TestModel_RunsOfOneClass(t *testing.T) {
	ham, spam := kazakhByLabel(t)
	h, s := len(ham)/2, len(spam)/2
	for order, m := range map[string]*Model{
		"good ones first": foldComments(Ham, ham[:h], Spam, spam[:s]),
		"spam first":      foldComments(Spam, spam[:s], Ham, ham[:h]),
	} {
		good, bad := sharePercent(m, ham[h:], 0.7), sharePercent(m, spam[s:], 0.5)
		t.Logf("%s: of good comments %.1f %% stand at 0.7, of spam %.1f %% at 0.5", order, good, bad)
		if good > 3 || bad < 60 {
			t.Errorf("%s: of good comments %.1f %% stand at 0.7 or above, want 3 at most; of spam %.1f %% at 0.5, want 60",
				order, good, bad)
		}
	}
}

func TestCapConfidence_FewLessons(t *testing.T) {
	for n, most := range map[uint32]float64{1: 0.74, 2: 0.84, 4: 0.92, 30: 0.9945, 100_000: 1} {
		s := newState()
		s.own[Spam], s.own[Ham] = n, n+5
		if got := table.Sigmoid(s.capConfidence(40)); got > most || got < most-0.01 {
			t.Errorf("after %d lessons the surest is shown as %.4f, want %.4f", n, got, most)
		}
		if a, b := s.capConfidence(2), s.capConfidence(2.01); a >= b || s.capConfidence(-3) != -3 {
			t.Errorf("after %d lessons 2 is shown as %.3f, 2.01 as %.3f, and -3 as %.3f", n, a, b, s.capConfidence(-3))
		}
	}
}

// Calibration keeps the order of comments in known languages.
func TestJudge_SpamKeepsOrderOfLogit(t *testing.T) {
	ham, spam := kazakhByLabel(t)
	for _, n := range []int{1, 5, min(len(ham), len(spam))} {
		m := foldComments(Ham, ham[:n], Spam, spam[:n])
		var all []Judgement
		for _, c := range slices.Concat(ham, spam) {
			if j := m.Judge(Read(c)); j.UnknownLanguage == 0 {
				all = append(all, j)
			}
		}
		if 10*len(all) < 9*(len(ham)+len(spam)) {
			t.Errorf("after %d of each only %d of %d are in a language that is known", n, len(all), len(ham)+len(spam))
		}
		slices.SortFunc(all, func(a, b Judgement) int {
			switch {
			case a.Logit < b.Logit:
				return -1
			case a.Logit > b.Logit:
				return 1
			}
			return 0
		})
		for i := 1; i < len(all); i++ {
			if all[i].Spam < all[i-1].Spam {
				t.Fatalf("after %d of each: raw %.4f is shown as %.6f, and %.4f as %.6f", n, all[i-1].Logit,
					all[i-1].Spam, all[i].Logit, all[i].Spam)
			}
		}
	}
}

// The shape prior works before a site has many lessons, and fades.
func TestJudge_YoungModelUsesShape(t *testing.T) {
	ham, spam := kazakhByLabel(t)
	plain := Comment{Text: "Ол туралы екі жыл бұрын оқыған едім, қызық болды"}
	linked := Comment{Text: plain.Text + " https://shop.example/a write to me@shop.example, $200!"}
	young, grown := foldComments(Ham, ham[:2], Spam, spam[:2]), foldComments(Ham, ham, Spam, spam)
	lead := func(m *Model) float64 { return m.Judge(Read(linked)).Logit - m.Judge(Read(plain)).Logit }
	if got := lead(young); got < 1 {
		t.Errorf("a comment with a link, an address and a price is %.2f nats ahead of the same without", got)
	}
	s := young.active.Load()
	if d := Read(linked); s.prior(s.headOf(Spam), d) < 4*grown.active.Load().prior(s.headOf(Spam), d) {
		t.Error("the guess does not fade as the model learns")
	}
	long := Comment{Text: strings.Repeat("Бұл жерде көп нәрсе жазылған, бәрі де рас. ", 8)}
	longer := Comment{Text: strings.Repeat(long.Text, 8)}
	if a, b := Read(long).prior, Read(longer).prior; a != b {
		t.Errorf("a comment is the more suspect the longer it is: %.2f of 8 lines, %.2f of 64", a, b)
	}
}

// Two moderators may disagree about one text. The scores of other comments stay.
func TestLearn_ContradictionsStayLocal(t *testing.T) {
	ham, spam := kazakhByLabel(t)
	text := Comment{Text: "Дүкенімізде бүгін ғана жеңілдік бар, келіп көріңіздер, бәріне жетеді деп ойлаймын."}
	for _, n := range []int{3, len(spam)} {
		before := []any{Ham, ham[:n], Spam, spam[:n]}
		quiet, torn := foldComments(before...), slices.Clone(before)
		for i := range 10 {
			torn = append(torn, []Label{Ham, Spam}[i%2], []Comment{text})
		}
		m := foldComments(torn...)
		j := m.Judge(Read(text))
		if checkJudgement(t, j); j.Spam < 0.1 || j.Spam > 0.9 {
			t.Errorf("after %d of each, the text that was decided both ways is spam with %.3f", n, j.Spam)
		}
		for _, c := range ham[len(ham)/2:] {
			a, b := quiet.Judge(Read(c)).Spam, m.Judge(Read(c)).Spam
			if b > max(a+0.25, 0.6) {
				t.Errorf("after %d of each, %.30q was spam with %.3f, and is with %.3f", n, c.Text, a, b)
			}
		}
	}
}

// Judgements stay finite when all lessons of one label come before those of the next.
func TestModel_SortedLessonsStayFinite(t *testing.T) {
	lessons := lessonsOf(3000, 9)
	slices.SortStableFunc(lessons, func(a, b Lesson) int { return int(a.Label) - int(b.Label) })
	for i := range lessons {
		lessons[i].Seq = uint64(i + 1)
	}
	m := newModel()
	for part := range slices.Chunk(lessons, 250) {
		m.Learn(part...)
		for _, l := range lessons[:20] {
			checkJudgement(t, m.Judge(Read(l.Comment)))
		}
	}
	good, bad := m.Judge(Read(Comment{Text: "думаю статья хорошая, thanks author"})), m.Judge(Read(Comment{Text: offer}))
	if good.Spam > 0.4 || bad.Spam < 0.5 {
		t.Errorf("a good comment is spam with %.3f, an offer with %.3f", good.Spam, bad.Spam)
	}
}

// Lessons copied from another site help to order comments. They do not make a model sure, nor old enough to suspect.
func TestModel_CopiedLessonsLeaveItYoung(t *testing.T) {
	ham, spam := kazakhByLabel(t)
	lessons := kazakhStream(t)
	for i := range lessons {
		lessons[i].Copied = true
	}
	m := Fold(slices.Values(lessons))
	right := 0
	for i := range 40 {
		good, bad := m.Judge(Read(ham[i])), m.Judge(Read(spam[i]))
		if !good.Young || !bad.Young || bad.Spam > 0.5 {
			t.Fatalf("with copied lessons only, spam has %.2f, young %v", bad.Spam, bad.Young)
		}
		if bad.Logit > good.Logit {
			right++
		}
	}
	if right < 36 {
		t.Errorf("%d of 40 pairs are in order", right)
	}
	restored, err := Restore(m.Bytes())
	if err != nil || restored.Judge(Read(spam[0])) != m.Judge(Read(spam[0])) {
		t.Errorf("the restored model judges differently (%v)", err)
	}
	seq := m.Seq()
	for i := range 10 {
		seq += 2
		m.Learn(Lesson{Seq: seq - 1, Label: Ham, Comment: ham[i]}, Lesson{Seq: seq, Label: Spam, Comment: spam[i]})
	}
	if j := m.Judge(Read(spam[20])); j.Young || j.Spam < 0.5 {
		t.Errorf("after ten decisions of each kind, spam has %.2f, young %v", j.Spam, j.Young)
	}
}
