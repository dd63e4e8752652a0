package moderation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

func signal(v comment.Verdict, name string) *comment.Signal {
	i := slices.IndexFunc(v.Signals, func(s comment.Signal) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &v.Signals[i]
}

func (w *world) judged(in moderation.Submission) comment.Verdict {
	w.T.Helper()
	in.PageURL = "https://a.example/post"
	out, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	return w.Comment(w.A, out.ID).Verdict
}

func TestVerdict_ColdModelSuggestsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.judged(moderation.Submission{Body: "Cheap pills, order now!"})
	if v.Score != 0.5 || v.Spam != 0.5 || v.Warm || v.Action != comment.Hold || len(v.Signals) != 0 {
		t.Errorf("got %+v, want 0.5, cold, hold and no signals", v)
	}
	// Links alone do not make a comment suspected.
	v = w.judged(moderation.Submission{
		Body: "http://a.example http://b.example http://c.example http://d.example http://e.example",
	})
	if s := signal(v, "link"); s == nil || s.Weight <= 0 || v.Score <= 0.5 || v.Score >= 0.9 || v.Action != comment.Hold {
		t.Errorf("five links: got %+v", v)
	}
}

func TestVerdict_WarmModelSuggests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Warm(w.A, 20)
	v := w.judged(moderation.Submission{Body: "Order cheap pills now, casino bonus, best price! http://x.example"})
	if v.Action != comment.MarkSpam || v.Reason != comment.ReasonSpam || v.Score < 0.9 || !v.Warm || v.ModelSeq != 40 {
		t.Errorf("spam: got %+v", v)
	}
	if s := signal(v, "link"); s == nil || s.Weight != 0 {
		t.Errorf("a link weighs 0 once the model is warm: got %+v", s)
	}
	if s := signal(v, "classifier"); s == nil || s.Weight <= 0 || s.Weight > 7 || s.Text == "" {
		t.Errorf("classifier's signal: got %+v", s)
	}
	v = w.judged(moderation.Submission{Body: "Tomatoes and beans grew well, thank you, lovely recipe."})
	if v.Action != comment.Approve || v.Score > 0.1 {
		t.Errorf("ham: got %+v", v)
	}
	v = w.judged(moderation.Submission{Name: "Bot", Body: "The tomatoes grew well, thank you for the recipe.",
		Form: &moderation.Form{Trap: "http://x.example"}})
	if v.Score < 0.9 || v.Action != comment.MarkSpam || signal(v, "honeypot") == nil {
		t.Errorf("a filled honeypot: got %+v", v)
	}
}

func TestVerdict_FormAge(t *testing.T) {
	t.Parallel()
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
		{time.Second, func(string) string { return w.App.FormToken(w.B) }, false},
		{-time.Hour, nil, false},
	} {
		token := w.App.FormToken(w.A)
		if tt.token != nil {
			token = tt.token(token)
		}
		w.Clock.Add(tt.open)
		v := w.judged(moderation.Submission{Body: "Sent some time after the form was opened.",
			Form: &moderation.Form{Token: token}})
		if got := signal(v, "form_age") != nil; got != tt.want {
			t.Errorf("open for %v: signal %v, want %v", tt.open, got, tt.want)
		}
	}
}

func TestVerdict_CommenterHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		action comment.Action
		counts bool // a good history does not count, because names are unverified
	}{{"Good", comment.Approve, false}, {"Bad", comment.MarkSpam, true}} {
		for i := range 3 {
			out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: tt.name,
				Body: fmt.Sprintf("Text %d.", i)})
			w.Must(err)
			w.Decide(authz.Operator, w.A, tt.action, out.ID)
		}
		s := signal(w.judged(moderation.Submission{Name: tt.name, Body: "One more."}), "writer")
		if s == nil || (s.Weight > 0) != tt.counts || s.Weight < 0 {
			t.Errorf("%s: got %+v", tt.name, s)
		}
	}
	if s := signal(w.judged(moderation.Submission{Body: "By nobody in particular."}), "writer"); s != nil {
		t.Errorf("without a name: got %+v", s)
	}
}
