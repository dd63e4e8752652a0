package comment

import (
	"cmp"
	"math"
	"slices"

	"github.com/aitys/aitys/classifier"
)

// A Verdict is the service's assessment of a comment. Score orders the queue. It is the risk of the comment: the
// probability of spam by all signals, or that of abuse if it is higher and at least minReason. Kind names which. Spam is the classifier's own
// calibrated probability. Warm is false if the classifier had learned too little for a prediction.
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

// Probabilities from which a reason may raise the score, from which it is likely, and from which it is suggested. With
// few lessons, harmless comments have up to minReason.
const (
	minReason       = 0.3
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
	v.Signals = signals(f, v, j, suspect)
	v.decide(suspect, f.Lifted())
	return v
}

// decide computes score, action and reason from the signals. lift raises the probability of spam to at least suspect.
func (v *Verdict) decide(suspect float64, lift bool) {
	sum := 0.0
	for _, s := range v.Signals {
		sum += s.Weight
	}
	spam := sigmoid(sum)
	if lift {
		spam = max(spam, suspect)
	}
	reason, abuse, probability := v.abuse()
	v.Score = max(spam, abuse)
	v.Action, v.Reason = Hold, NoReason
	switch {
	case spam >= suspect && spam >= abuse:
		v.Action, v.Reason = MarkSpam, ReasonSpam
	case abuse >= suspect || probability >= suggestedReason:
		v.Action, v.Reason = Reject, reason
	case v.Warm && v.Score <= goodUpTo && !v.Held():
		v.Action = Approve
	}
}

// abuse returns the likeliest of PredictedReasons with its risk and its probability, or 0 if none is worth a signal. The
// risk of a young reason is below its probability.
func (v Verdict) abuse() (reason Reason, risk, probability float64) {
	for _, s := range v.Signals {
		if s.Code == abuseCode {
			name, _ := s.Args["reason"].(string)
			reason, _ = ParseReason(name)
			risk, _ = s.Args["risk"].(float64)
			probability, _ = s.Args["probability"].(float64)
		}
	}
	return reason, risk, probability
}

// IsAbuse reports whether the score is the risk of abuse, not of spam.
func (v Verdict) IsAbuse() bool {
	_, risk, _ := v.abuse()
	return risk > 0 && risk >= v.Score
}

// A Kind says what the risk of a comment is about.
type Kind string

// The kinds of risk. A comment without any signal has the kind KindNone.
const (
	KindNone           Kind = "none"
	KindSpam           Kind = "spam"
	KindHateSpeech     Kind = "hate_speech"
	KindObscenity      Kind = "obscenity"
	KindPersonalAttack Kind = "personal_attack"
	KindLink           Kind = "link"
	KindCopy           Kind = "copy"
	KindRule           Kind = "rule"
)

// signalKinds maps the names of signals to kinds. The others speak of spam.
var signalKinds = map[string]Kind{
	"link": KindLink, "duplicate": KindCopy, "campaign": KindCopy, "rule": KindRule, "block": KindRule, "neighbour": KindRule,
}

// Kind returns what determined the score: abuse, if its risk is the score; else the signal with the highest weight.
func (v Verdict) Kind() Kind {
	if reason, _, _ := v.abuse(); v.IsAbuse() {
		return Kind(reason.String())
	}
	kind, most := KindNone, 0.0
	if v.Warm {
		kind = KindSpam
	}
	for _, s := range v.Signals {
		if s.Weight <= most {
			continue
		}
		kind, most = SignalKind(s.Name), s.Weight
	}
	return kind
}

// SignalKind returns the kind of risk of which a signal speaks.
func SignalKind(name string) Kind { return cmp.Or(signalKinds[name], KindSpam) }

// SignalCodes returns the codes of the signals in their order, each once.
func (v Verdict) SignalCodes() []string {
	codes := make([]string, 0, len(v.Signals))
	for _, s := range v.Signals {
		if code := cmp.Or(s.Code, s.Name); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
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
	v.decide(suspect, f.Lifted())
	return v
}

// WithChecker returns the verdict of a pending comment after an external checker responded. It replaces only the
// checker's signal, so the model is not called.
func (v Verdict) WithChecker(said Signal, suspect float64) Verdict {
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return s.Name == said.Name })
	v.Signals = append(v.Signals, said)
	v.decide(suspect, v.Action == MarkSpam)
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

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

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
