package moderation

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/markup"
)

// What findings weigh, in nats towards refusal. None that is less than certain reaches 0.9
// without another: sigmoid(2) is 0.88.
const (
	maxLogit       = 7.0
	linkWeight     = 0.7 // each; only while the model is cold
	maxLinkWeight  = 2.0
	trapWeight     = 4.0
	againWeight    = 2.0
	hurriedWeight  = 2.0 // sent within hurried seconds
	quickWeight    = 1.0 // sent within quick seconds
	hurried, quick = 2, 4
	maxKnownBad    = 1.5
	maxKnownGood   = -1.0 // nobody has to prove a name: one is not good after one good comment
	manyKnownGood  = 10   // comments that make it so

	manySubmissions = 3
)

// A reason is suggested from one probability on, and likely from another: what may well be
// refused for it is not called good.
const (
	suggestedReason = 0.9
	likelyReason    = 0.5
)

// taughtReasons are those that have a model of their own, as classifier.Judgement has them.
var taughtReasons = [3]decision.Reason{decision.ReasonHateSpeech, decision.ReasonObscenity, decision.ReasonPersonalAttack}

// judged is what a site's model said of a comment. It is not ok when it could not be asked.
type judged struct {
	classifier.Judgement
	changed uint64
	ok      bool
}

// ask has a site's model judge a comment. Whatever fails in there, the comment goes on: it
// is not ok, and waits for a person.
func (s *Service) ask(ctx context.Context, c Comment) (j judged) {
	defer s.survive(ctx, "judge", c.ID, func() { j = judged{} })
	l, err := s.model(ctx, c.Site)
	if err != nil {
		s.log.WarnContext(ctx, "comment not judged", "comment", c.ID, "error", err)
		return judged{}
	}
	j = judged{Judgement: l.model.Judge(classifier.Read(document(c))), changed: l.changed, ok: true}
	if math.IsNaN(j.Logit) || math.IsNaN(j.Spam) {
		s.log.WarnContext(ctx, "comment judged NaN", "comment", c.ID)
		return judged{}
	}
	return j
}

// survive keeps a fault of the classifier from taking a comment with it.
func (s *Service) survive(ctx context.Context, doing, comment string, give func()) {
	if fault := recover(); fault != nil {
		// Not the value: it may quote the text.
		s.log.ErrorContext(ctx, "classifier panicked", "doing", doing, "comment", comment, "type", fmt.Sprintf("%T", fault))
		give()
	}
}

// document is what the classifier sees of a comment, when it is judged and when it is taught.
func document(c Comment) classifier.Comment {
	return classifier.Comment{Text: c.Source, Author: c.Name, Email: c.Email, URL: c.Website}
}

// verdict brings together what is known of a comment: its text's probabilities, how it came,
// and its writer's history.
func verdict(site Site, c Comment, j judged, h WriterHistory) Verdict {
	v := Verdict{Spam: 0.5, ModelSeq: j.changed}
	if j.ok {
		v.Spam, v.Warm = j.Spam, j.Warm
	}
	v.Signals = signals(c, v, j.Logit, h)
	v.decide(site, lifted(c), j.Reasons)
	return v
}

// decide works out score, action and reason from the signals.
func (v *Verdict) decide(site Site, lift bool, reasons [3]float64) {
	sum := 0.0
	for _, s := range v.Signals {
		sum += s.Weight
	}
	suspect := site.Settings.Threshold()
	v.Score = 1 / (1 + math.Exp(-sum))
	if lift {
		v.Score = max(v.Score, suspect)
	}
	worst := 0
	for i, p := range reasons {
		if p > reasons[worst] {
			worst = i
		}
	}
	v.Action, v.Reason = decision.Hold, decision.NoReason
	switch {
	case v.Score >= suspect:
		v.Action, v.Reason = decision.MarkSpam, decision.ReasonSpam
	case reasons[worst] >= suggestedReason:
		v.Action, v.Reason = decision.Reject, taughtReasons[worst]
	case v.Warm && v.Score <= 0.1 && reasons[worst] < likelyReason:
		v.Action = decision.Approve
	}
}

// lifted reports whether something about a comment makes it suspect, whatever its text.
func lifted(c Comment) bool { return c.Trap || c.Submissions >= manySubmissions }

func signals(c Comment, v Verdict, logit float64, h WriterHistory) []Signal {
	var found []Signal
	add := func(name, code string, weight float64, args map[string]any, text string) {
		found = append(found, Signal{Name: name, Code: code, Weight: weight, Args: args, Text: text})
	}
	if v.Warm {
		percent := min(max(int(math.Round(v.Spam*100)), 1), 99) // no program is that sure
		add("classifier", "classifier.spam", min(max(logit, -maxLogit), maxLogit), map[string]any{"percent": percent},
			fmt.Sprintf("By what was decided here before, this is spam with a probability of %d %%.", percent))
	}
	if n := len(markup.Links(c.Source)); n > 0 {
		weight := min(float64(n)*linkWeight, maxLinkWeight)
		if v.Warm {
			weight = 0 // the model knows links, and which
		}
		add("link", "link.count", weight, map[string]any{"count": n}, plural(n, "It has %d link.", "It has %d links."))
	}
	if c.Submissions >= manySubmissions {
		found = append(found, duplicate(c.Submissions))
	}
	if c.Trap {
		add("honeypot", "honeypot.filled", trapWeight, nil, "A field that people do not see was filled in.")
	}
	if c.FormAge >= 0 && c.FormAge < quick {
		weight := quickWeight
		if c.FormAge < hurried {
			weight = hurriedWeight
		}
		add("form_age", "form_age.quick", weight, map[string]any{"seconds": c.FormAge},
			plural(c.FormAge, "It was sent %d second after the form was opened.", "It was sent %d seconds after the form was opened."))
	}
	if h.Approved+h.Refused > 0 {
		add("writer", "writer.history", h.weight(), map[string]any{"approved": h.Approved, "refused": h.Refused},
			fmt.Sprintf("Of this writer's comments %d were approved and %d refused.", h.Approved, h.Refused))
	}
	return found
}

func (h WriterHistory) weight() float64 {
	if good := h.Approved - h.Refused; good > 0 {
		return maxKnownGood * min(1, float64(good)/manyKnownGood)
	}
	return min(maxKnownBad, math.Log((float64(h.Refused)+0.5)/(float64(h.Approved)+0.5)))
}

func duplicate(submissions int) Signal {
	return Signal{Name: "duplicate", Code: "duplicate.again", Weight: againWeight, Args: map[string]any{"count": submissions},
		Text: fmt.Sprintf("It was submitted %d times.", submissions)}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}

// again is a waiting comment's verdict after it was submitted once more; only what that adds
// is new, so the model need not be asked.
func (v Verdict) again(site Site, c Comment) Verdict {
	if !lifted(c) {
		return v
	}
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return s.Name == "duplicate" })
	v.Signals = append(v.Signals, duplicate(c.Submissions))
	v.decide(site, true, [3]float64{})
	return v
}
