package moderation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/verdict"
)

// warm teaches a site's model ham and spam, n of each.
func (w *world) warm(site ground.Site, n int) {
	w.t.Helper()
	// No two of them nearly the same: that would be one lesson.
	goods := strings.Fields("cheap pills order now casino best price bonus loans watches followers slots credit win free replica discount")
	plants := strings.Fields("tomatoes grew well thank you recipe garden carrots soil apples beans roses onions rain lovely pumpkins kitchen")
	pick := func(from []string, i int) string {
		var some []string
		for j := range 8 {
			some = append(some, from[(i*i+3*i*j+5*j)%len(from)])
		}
		return strings.Join(some, " ")
	}
	for i := range n {
		ham := w.submit(site, pick(plants, i))
		spam := w.submit(site, pick(goods, i))
		w.decide(people.Operator, site, decision.Approve, ham.ID)
		w.decide(people.Operator, site, decision.MarkSpam, spam.ID)
	}
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
}

func signal(v verdict.Verdict, name string) *verdict.Signal {
	i := slices.IndexFunc(v.Signals, func(s verdict.Signal) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &v.Signals[i]
}

func (w *world) judged(in moderation.Submission) verdict.Verdict {
	w.t.Helper()
	in.PageURL = "https://a.example/post"
	out, err := w.s.Submit(w.ctx, w.a, in)
	w.must(err)
	return w.comment(w.a, out.ID).Verdict
}

func TestAColdModelSuggestsNothing(t *testing.T) {
	w := newWorld(t)
	v := w.judged(moderation.Submission{Body: "Cheap pills, order now!"})
	if v.Score != 0.5 || v.Spam != 0.5 || v.Warm || v.Action != decision.Hold || len(v.Signals) != 0 {
		t.Errorf("got %+v, want 0.5, cold, hold and no signals", v)
	}
	// Links alone do not make a suspect.
	v = w.judged(moderation.Submission{Body: "http://a.example http://b.example http://c.example http://d.example http://e.example"})
	if s := signal(v, "link"); s == nil || s.Weight <= 0 || v.Score <= 0.5 || v.Score >= 0.9 || v.Action != decision.Hold {
		t.Errorf("five links: got %+v", v)
	}
}

func TestAWarmModelSuggests(t *testing.T) {
	w := newWorld(t)
	w.warm(w.a, 20)
	v := w.judged(moderation.Submission{Body: "Order cheap pills now, casino bonus, best price! http://x.example"})
	if v.Action != decision.MarkSpam || v.Reason != decision.ReasonSpam || v.Score < 0.9 || !v.Warm || v.ModelSeq != 40 {
		t.Errorf("spam: got %+v", v)
	}
	if s := signal(v, "link"); s == nil || s.Weight != 0 {
		t.Errorf("a link weighs 0 once the model is warm: got %+v", s)
	}
	if s := signal(v, "classifier"); s == nil || s.Weight <= 0 || s.Weight > 7 || s.Text == "" {
		t.Errorf("classifier's signal: got %+v", s)
	}
	v = w.judged(moderation.Submission{Body: "Tomatoes and beans grew well, thank you, lovely recipe."})
	if v.Action != decision.Approve || v.Score > 0.1 {
		t.Errorf("ham: got %+v", v)
	}
	v = w.judged(moderation.Submission{Name: "Bot", Body: "The tomatoes grew well, thank you for the recipe.", Form: &moderation.Form{Trap: "http://x.example"}})
	if v.Score < 0.9 || v.Action != decision.MarkSpam || signal(v, "honeypot") == nil {
		t.Errorf("a filled honeypot: got %+v", v)
	}
}

func TestAFormsAgeIsSignedAndWeighed(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		open  time.Duration
		token func(string) string
		want  bool
	}{
		{time.Second, nil, true},
		{3 * time.Second, nil, true},
		{time.Minute, nil, false},
		{time.Second, func(string) string { return "" }, false},
		{time.Second, func(s string) string { return s[1:] }, false},
		{time.Second, func(string) string { return w.s.FormToken(w.b) }, false},
		{-time.Hour, nil, false},
	} {
		token := w.s.FormToken(w.a)
		if tt.token != nil {
			token = tt.token(token)
		}
		w.clock.add(tt.open)
		v := w.judged(moderation.Submission{Body: "Sent some time after the form was opened.", Form: &moderation.Form{Token: token}})
		if got := signal(v, "form_age") != nil; got != tt.want {
			t.Errorf("open for %v: signal %v, want %v", tt.open, got, tt.want)
		}
	}
}

func TestAWritersHistoryIsWeighed(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		action decision.Action
		sign   float64
	}{{"Good", decision.Approve, -1}, {"Bad", decision.MarkSpam, 1}} {
		for i := range 3 {
			out, err := w.s.Submit(w.ctx, w.a, moderation.Submission{PageURL: "https://a.example/post", Name: tt.name, Body: fmt.Sprintf("Text %d.", i)})
			w.must(err)
			w.decide(people.Operator, w.a, tt.action, out.ID)
		}
		s := signal(w.judged(moderation.Submission{Name: tt.name, Body: "One more."}), "writer")
		if s == nil || s.Weight*tt.sign <= 0 {
			t.Errorf("%s: got %+v", tt.name, s)
		}
	}
	if s := signal(w.judged(moderation.Submission{Body: "By nobody in particular."}), "writer"); s != nil {
		t.Errorf("without a name: got %+v", s)
	}
}

func TestAClassifierThatPanicsLosesAndPublishesNothing(t *testing.T) {
	for _, policy := range []string{"all", "suspicious", "none"} {
		w := newWorld(t)
		w.schooled(w.a, 80, 20)
		var err error
		w.a, err = w.s.SetSite(w.ctx, people.Operator, "a", ground.SiteChange{Settings: map[string]string{"moderation": policy}})
		w.must(err)
		moderation.BreakModel(w.s.Moderation, w.a)
		c, token := w.submitOwn(w.a, "Posted while the classifier is out of order.")
		if got := w.comment(w.a, c.ID); got.State != decision.Pending || got.Verdict.Action != decision.Hold || got.Verdict.Warm {
			t.Errorf("%s: got %s with %+v, want pending with no suggestion", policy, got.State, got.Verdict)
		}
		edited, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, "Edited while the classifier is out of order.")
		w.must(err)
		if edited.State != decision.Pending {
			t.Errorf("%s: edited: got %s, want pending", policy, edited.State)
		}
		item, _, err := w.s.Item(w.ctx, people.Operator, w.a, c.ID)
		w.must(err)
		if len(item.Evidence) != 0 {
			t.Errorf("%s: evidence %v", policy, item.Evidence)
		}
	}
}
