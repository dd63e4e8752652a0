package comment

import (
	"math"
	"slices"

	"github.com/aitys/aitys/classifier"
)

// A Verdict is the service's assessment of a comment. Score is the probability that orders the queue. Spam is the
// classifier's own calibrated probability. Warm is false if the classifier had learned too little for a prediction.
// ModelSeq is the log sequence number of the model.
type Verdict struct {
	Score    float64
	Action   Action
	Reason   Reason
	Signals  []Signal
	Spam     float64
	Warm     bool
	ModelSeq uint64
}

// A Signal is one finding about a comment. Weight is in nats, positive towards refusal. Text is an English sentence for
// people. Code and Args let the desk translate it.
type Signal struct {
	Name   string         `json:"name"`
	Weight float64        `json:"weight"`
	Text   string         `json:"text"`
	Code   string         `json:"code,omitempty"`
	Args   map[string]any `json:"args,omitempty"`
}

// Facts are the inputs of a verdict, except for the prediction of the model.
type Facts struct {
	Links       int // links that a reader can follow
	Submissions int
	Trap        bool // the honeypot field was filled
	FormAge     int  // seconds that the form was open; -1: unknown
	Alike       int  // number of similar refused comments, if more similar ones were refused than approved; else 0

	Namesake bool    // another signed-in reader has the commenter's name
	Checked  *Signal // result of an external checker; nil: no objection, or no answer yet

	Approved, Refused int // counts of the commenter's earlier comments

	Findings Findings
}

// Findings are the signals from a site's rules, its blocks and shared spam lists. Suspected says that at least one of
// them makes the comment suspected.
type Findings struct {
	Signals   []Signal
	Suspected bool
}

// Lifted reports whether the comment is suspected regardless of its text.
func (f Facts) Lifted() bool {
	return f.Trap || f.Submissions >= manySubmissions || f.Findings.Suspected || f.Alike > 0
}

// A Prediction is the assessment of a comment by a site's model. OK is false if no prediction could be made.
type Prediction struct {
	classifier.Judgement
	ModelSeq uint64 // ModelSeq for verdicts of this model; 0: no model was available
	OK       bool
}

// PredictedReasons lists the reasons that have a model of their own, in the order of classifier.Judgement.
var PredictedReasons = [3]Reason{ReasonHateSpeech, ReasonObscenity, ReasonPersonalAttack}

// goodUpTo is the highest score at which approval may be suggested.
const goodUpTo = 0.1

// Probabilities from which a reason is suggested, and from which it is likely. A comment with a likely reason is not
// suggested for approval.
const (
	suggestedReason = 0.9
	likelyReason    = 0.5
)

// VerdictOf computes a verdict from the facts and the prediction. suspect is the score from which a comment is
// suspected.
func VerdictOf(f Facts, j Prediction, suspect float64) Verdict {
	v := Verdict{Spam: 0.5, ModelSeq: j.ModelSeq}
	if j.OK {
		v.Spam, v.Warm = j.Spam, j.Warm
	}
	v.Signals = signals(f, v, j, classifierWeight(j, suspect))
	v.decide(suspect, f.Lifted(), j.Reasons)
	return v
}

// decide computes score, action and reason from the signals. lift raises the score to at least suspect. reasons are the
// probabilities of PredictedReasons.
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
	v.Action, v.Reason = Hold, NoReason
	switch {
	case v.Score >= suspect:
		v.Action, v.Reason = MarkSpam, ReasonSpam
	case reasons[worst] >= suggestedReason:
		v.Action, v.Reason = Reject, PredictedReasons[worst]
	case v.Warm && v.Score <= goodUpTo && reasons[worst] < likelyReason && !v.Held():
		v.Action = Approve
	}
}

// TrustedCode is the code of the signal that the commenter or address is trusted.
const TrustedCode = "writer.trusted"

// Held reports whether a rule or block of the site makes the comment wait for a moderator.
func (v Verdict) Held() bool {
	return slices.ContainsFunc(v.Signals, func(s Signal) bool { return s.Name == "rule" || s.Name == "block" })
}

// HasFindings reports whether the verdict contains exactly the given signals of rules, blocks, trust and shared spam
// lists.
func (v Verdict) HasFindings(found Findings) bool {
	return v.hasSignals(found.Signals, func(s Signal) bool {
		return s.Name == "rule" || s.Name == "block" || s.Name == "neighbour" || s.Code == TrustedCode
	})
}

// HasSharedFindings reports whether the verdict contains exactly the given signals of shared spam lists.
func (v Verdict) HasSharedFindings(found []Signal) bool {
	return v.hasSignals(found, func(s Signal) bool { return s.Name == "neighbour" })
}

func (v Verdict) hasSignals(found []Signal, of func(Signal) bool) bool {
	said := slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return !of(s) })
	return slices.EqualFunc(said, found, func(a, b Signal) bool {
		return a.Code == b.Code && a.Weight == b.Weight && a.Args["rule"] == b.Args["rule"] &&
			a.Args["name"] == b.Args["name"]
	})
}

// WithRepeats returns the verdict of a pending comment after it was submitted again, or after similar comments were
// refused. It replaces only the signals for these, so the model is not called.
func (v Verdict) WithRepeats(f Facts, suspect float64) Verdict {
	if !f.Lifted() && v.Alike() == 0 {
		return v
	}
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool {
		return s.Name == "duplicate" || s.Name == "campaign"
	})
	v.Signals = append(v.Signals, f.repeatSignals()...)
	v.decide(suspect, f.Lifted(), [3]float64{})
	return v
}

// WithChecker returns the verdict of a pending comment after an external checker responded. It replaces only the
// checker's signal, so the model is not called.
func (v Verdict) WithChecker(said Signal, suspect float64) Verdict {
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return s.Name == said.Name })
	v.Signals = append(v.Signals, said)
	sum := 0.0
	for _, s := range v.Signals {
		sum += s.Weight
	}
	v.Score = max(v.Score, 1/(1+math.Exp(-sum))) // keeps a score that was raised to suspect
	switch {
	case v.Score >= suspect:
		v.Action, v.Reason = MarkSpam, ReasonSpam
	case v.Action == Approve && v.Score > goodUpTo:
		v.Action = Hold
	}
	return v
}

// Checked returns the signal of an external checker in the verdict, or nil.
func (v Verdict) Checked() *Signal {
	for _, s := range v.Signals {
		if s.Name == "checker" {
			return &s
		}
	}
	return nil
}

// CheckedBy is Checked for one checker. It ignores the signal of a checker that the site no longer uses.
func (v Verdict) CheckedBy(name string) *Signal {
	if said := v.Checked(); said != nil && said.Args["name"] == name {
		return said
	}
	return nil
}

// Namesake returns the Facts.Namesake of the verdict.
func (v Verdict) Namesake() bool {
	return slices.ContainsFunc(v.Signals, func(s Signal) bool { return s.Code == namesakeCode })
}

// Foreign reports whether the classifier knows hardly a word of the comment. It then does not suspect the comment
// alone.
func (v Verdict) Foreign() bool {
	return slices.ContainsFunc(v.Signals, func(s Signal) bool { return s.Code == foreignCode })
}

// Alike returns the Facts.Alike of the verdict.
func (v Verdict) Alike() int {
	for _, s := range v.Signals {
		if s.Name != "campaign" {
			continue
		}
		switch n := s.Args["count"].(type) {
		case int:
			return n
		case float64: // decoded from JSON in the database
			return int(n)
		}
	}
	return 0
}

// Likely reports whether the comment may be refused for a reason: its probability is at least likelyReason, or the
// verdict suggests it.
func (v Verdict) Likely(r Reason, probability float64) bool {
	return probability >= likelyReason || probability > 0 && v.Action == Reject && v.Reason == r
}

// A LikelyReason is a reason for which a comment may be refused, by the current model: its probability is at least
// likelyReason, or the comment's verdict suggests it. Evidence lists weights for and against it, strongest first. Spam
// of a Weight counts the lessons for this reason.
type LikelyReason struct {
	Reason      Reason
	Probability float64
	Evidence    []classifier.Weight
}

// minLogitChange is the smallest change of a score that counts, in nats. When one lesson is learned after 1,000 to
// 3,000 others, the verdict of one pending comment in 16 to 100 changes that much, or in its percentage; after 200
// lessons, of one in 4 to 9.
const minLogitChange = 0.1

// KeepIfClose returns v, or former stamped with v's model if the two differ insignificantly. Comments whose score stays the
// same then need no index update. Both scores must be on the same side of suspect, the score from which a comment is
// suspected.
func (v Verdict) KeepIfClose(former Verdict, suspect float64) Verdict {
	same := v.Action == former.Action && v.Reason == former.Reason && v.Warm == former.Warm &&
		(v.Score >= suspect) == (former.Score >= suspect) && math.Abs(logit(v.Score)-logit(former.Score)) < minLogitChange &&
		slices.EqualFunc(v.Signals, former.Signals, func(a, b Signal) bool {
			return a.Name == b.Name && a.Code == b.Code && a.Text == b.Text && a.Args["rule"] == b.Args["rule"] &&
				a.Args["name"] == b.Args["name"] && (a.Weight == b.Weight || a.Name == "classifier")
		})
	if same {
		return former.WithModelSeq(v.ModelSeq)
	}
	return v
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// WithModelSeq returns v stamped with a model.
func (v Verdict) WithModelSeq(stamp uint64) Verdict {
	v.ModelSeq = stamp
	return v
}

// Probabilities at which the classifier is considered certain.
const (
	surelySpam = 0.98
	surelyHam  = 0.02
)

// Contradicts reports whether an action contradicts a certain classifier.
func (v Verdict) Contradicts(a Action) bool {
	return v.Warm && (a == Approve && v.Spam > surelySpam || a == MarkSpam && v.Spam < surelyHam)
}
