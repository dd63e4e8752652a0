// Package verdict brings together what is known of a comment into what is suggested for it: a score, an
// action, perhaps a reason, and the signals that they come of.
//
// It is arithmetic over what it is told. It asks no model, publishes nothing, and without anything to
// go by suggests nothing: the zero action is to hold.
package verdict

import (
	"math"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/decision"
)

// A Verdict is what the service suggests. Warm false means that the classifier had nothing
// to say; Spam is the classifier's own calibrated probability.
type Verdict struct {
	Score    float64
	Action   decision.Action
	Reason   decision.Reason
	Signals  []Signal
	Spam     float64
	Warm     bool
	ModelSeq uint64
}

// A Signal is one finding on a comment: Weight in nats, positive towards refusal, Text a
// sentence for a person (English; Code and Args let the desk say it in its own language).
type Signal struct {
	Name   string         `json:"name"`
	Weight float64        `json:"weight"`
	Text   string         `json:"text"`
	Code   string         `json:"code,omitempty"`
	Args   map[string]any `json:"args,omitempty"`
}

// Facts are what is known of a comment besides what its site's model says of its text.
type Facts struct {
	Source      string
	Submissions int
	Trap        bool // the honeypot was filled
	FormAge     int  // seconds the form was open; -1 unknown

	Approved, Refused int // the writer's earlier comments
}

// Lifted reports whether something about a comment makes it suspect, whatever its text.
func (f Facts) Lifted() bool { return f.Trap || f.Submissions >= manySubmissions }

// Judged is what a site's model said of a comment. It is not OK when it could not be asked.
type Judged struct {
	classifier.Judgement
	Changed uint64 // what verdicts by the model are stamped with
	OK      bool
}

// Reasons are those that have a model of their own, as classifier.Judgement has them.
var Reasons = [3]decision.Reason{decision.ReasonHateSpeech, decision.ReasonObscenity, decision.ReasonPersonalAttack}

// A reason is suggested from one probability on, and likely from another: what may well be
// refused for it is not called good.
const (
	suggestedReason = 0.9
	likelyReason    = 0.5
)

// Of brings together what is known of a comment: its text's probabilities, how it came, and
// its writer's history. suspect is the score from which a comment is suspected.
func Of(f Facts, j Judged, suspect float64) Verdict {
	v := Verdict{Spam: 0.5, ModelSeq: j.Changed}
	if j.OK {
		v.Spam, v.Warm = j.Spam, j.Warm
	}
	v.Signals = signals(f, v, j.Logit)
	v.decide(suspect, f.Lifted(), j.Reasons)
	return v
}

// decide works out score, action and reason from the signals.
func (v *Verdict) decide(suspect float64, lift bool, reasons [3]float64) {
	sum := 0.0
	for _, s := range v.Signals {
		sum += s.Weight
	}
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
		v.Action, v.Reason = decision.Reject, Reasons[worst]
	case v.Warm && v.Score <= 0.1 && reasons[worst] < likelyReason:
		v.Action = decision.Approve
	}
}

// Again is a waiting comment's verdict after it was submitted once more; only what that adds
// is new, so the model need not be asked.
func (v Verdict) Again(f Facts, suspect float64) Verdict {
	if !f.Lifted() {
		return v
	}
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return s.Name == "duplicate" })
	v.Signals = append(v.Signals, duplicate(f.Submissions))
	v.decide(suspect, true, [3]float64{})
	return v
}

// Likely reports whether a comment may well have to be refused for a reason: it is at least as
// probable as not, or what the verdict suggests.
func (v Verdict) Likely(r decision.Reason, probability float64) bool {
	return probability >= likelyReason || probability > 0 && v.Action == decision.Reject && v.Reason == r
}

// What the filter is sure of.
const (
	surelySpam = 0.98
	surelyHam  = 0.02
)

// Contradicts reports whether an action goes against what the filter was sure of.
func (v Verdict) Contradicts(a decision.Action) bool {
	return v.Warm && (a == decision.Approve && v.Spam > surelySpam || a == decision.MarkSpam && v.Spam < surelyHam)
}
