package comment

import (
	"math"
	"slices"

	"github.com/aitys/aitys/classifier"
)

// A Verdict is what the service suggests. Warm false means that the classifier had nothing
// to say; Spam is the classifier's own calibrated probability.
type Verdict struct {
	Score    float64
	Action   Action
	Reason   Reason
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
	Links       int // that a reader can follow
	Submissions int
	Trap        bool // the honeypot was filled
	FormAge     int  // seconds the form was open; -1 unknown
	Alike       int  // comments that are nearly the same and were refused, where more were than were approved

	Namesake bool    // somebody else, who showed who they are, goes by the writer's name
	Checked  *Signal // what an outside checker said; nil: nothing against it, or nothing yet

	Approved, Refused int // the writer's earlier comments

	Ruled Findings
}

// Findings are what a site's own rules, its blocks and its neighbours say of a comment. Suspected: one of them makes it
// suspect.
type Findings struct {
	Signals   []Signal
	Suspected bool
}

// Lifted reports whether something about a comment makes it suspect, whatever its text.
func (f Facts) Lifted() bool {
	return f.Trap || f.Submissions >= manySubmissions || f.Ruled.Suspected || f.Alike > 0
}

// Judged is what a site's model said of a comment. It is not OK when it could not say anything.
type Judged struct {
	classifier.Judgement
	Changed uint64 // what verdicts by the model are stamped with; 0: no model could be asked
	OK      bool
}

// Reasons are those that have a model of their own, as classifier.Judgement has them.
var JudgedReasons = [3]Reason{ReasonHateSpeech, ReasonObscenity, ReasonPersonalAttack}

// goodUpTo is the score up to which a comment may be called good.
const goodUpTo = 0.1

// A reason is suggested from one probability on, and likely from another: what may well be
// refused for it is not called good.
const (
	suggestedReason = 0.9
	likelyReason    = 0.5
)

// Of brings together what is known of a comment: its text's probabilities, how it came, and
// its writer's history. suspect is the score from which a comment is suspected.
func VerdictOf(f Facts, j Judged, suspect float64) Verdict {
	v := Verdict{Spam: 0.5, ModelSeq: j.Changed}
	if j.OK {
		v.Spam, v.Warm = j.Spam, j.Warm
	}
	v.Signals = signals(f, v, j, said(j, suspect))
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
	v.Action, v.Reason = Hold, NoReason
	switch {
	case v.Score >= suspect:
		v.Action, v.Reason = MarkSpam, ReasonSpam
	case reasons[worst] >= suggestedReason:
		v.Action, v.Reason = Reject, JudgedReasons[worst]
	case v.Warm && v.Score <= goodUpTo && reasons[worst] < likelyReason && !v.Held():
		v.Action = Approve
	}
}

// TrustedCode is of the signal that a writer is trusted.
const TrustedCode = "writer.trusted"

// Held reports whether a rule of the site, or a block, has the comment wait for a person.
func (v Verdict) Held() bool {
	return slices.ContainsFunc(v.Signals, func(s Signal) bool { return s.Name == "rule" || s.Name == "block" })
}

// Says reports whether a verdict has what a site's rules, blocks and neighbours find today, and no more of theirs.
func (v Verdict) Says(found Findings) bool {
	return v.says(found.Signals, func(s Signal) bool {
		return s.Name == "rule" || s.Name == "block" || s.Name == "neighbour" || s.Code == TrustedCode
	})
}

// SaysBeside reports it of what neighbours find alone.
func (v Verdict) SaysBeside(found []Signal) bool {
	return v.says(found, func(s Signal) bool { return s.Name == "neighbour" })
}

func (v Verdict) says(found []Signal, of func(Signal) bool) bool {
	said := slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return !of(s) })
	return slices.EqualFunc(said, found, func(a, b Signal) bool {
		return a.Code == b.Code && a.Weight == b.Weight && a.Args["rule"] == b.Args["rule"] &&
			a.Args["name"] == b.Args["name"]
	})
}

// Again is a waiting comment's verdict after it was submitted once more, or joined others that are like it;
// only what that adds or takes away is new, so the model need not be asked.
func (v Verdict) Again(f Facts, suspect float64) Verdict {
	if !f.Lifted() && v.Alike() == 0 {
		return v
	}
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool {
		return s.Name == "duplicate" || s.Name == "campaign"
	})
	v.Signals = append(v.Signals, f.repeated()...)
	v.decide(suspect, f.Lifted(), [3]float64{})
	return v
}

// Check is a waiting comment's verdict after an outside checker was asked about it: what that adds. The model need not
// be asked.
func (v Verdict) Check(said Signal, suspect float64) Verdict {
	v.Signals = slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool { return s.Name == said.Name })
	v.Signals = append(v.Signals, said)
	sum := 0.0
	for _, s := range v.Signals {
		sum += s.Weight
	}
	v.Score = max(v.Score, 1/(1+math.Exp(-sum))) // it may have been lifted
	switch {
	case v.Score >= suspect:
		v.Action, v.Reason = MarkSpam, ReasonSpam
	case v.Action == Approve && v.Score > goodUpTo:
		v.Action = Hold
	}
	return v
}

// Checked is Facts.Checked as the verdict was made with it.
func (v Verdict) Checked() *Signal {
	for _, s := range v.Signals {
		if s.Name == "checker" {
			return &s
		}
	}
	return nil
}

// CheckedBy is Checked where the checker of that name said it; what another has said counts for nothing any more.
func (v Verdict) CheckedBy(name string) *Signal {
	if said := v.Checked(); said != nil && said.Args["name"] == name {
		return said
	}
	return nil
}

// Namesake is Facts.Namesake as the verdict was made with it.
func (v Verdict) Namesake() bool {
	return slices.ContainsFunc(v.Signals, func(s Signal) bool { return s.Code == namesake })
}

// Foreign reports whether the filter knows hardly a word of the comment, by which alone it suspects nothing.
func (v Verdict) Foreign() bool {
	return slices.ContainsFunc(v.Signals, func(s Signal) bool { return s.Code == foreign })
}

// Alike is Facts.Alike as the verdict was made with it.
func (v Verdict) Alike() int {
	for _, s := range v.Signals {
		if s.Name != "campaign" {
			continue
		}
		switch n := s.Args["count"].(type) {
		case int:
			return n
		case float64: // as it comes back from the database
			return int(n)
		}
	}
	return 0
}

// Likely reports whether a comment may well have to be refused for a reason: it is at least as
// probable as not, or what the verdict suggests.
func (v Verdict) Likely(r Reason, probability float64) bool {
	return probability >= likelyReason || probability > 0 && v.Action == Reject && v.Reason == r
}

// A LikelyReason is why a comment may well have to be refused, by today's model: a reason that
// is at least as probable as not, or that its verdict suggests. Evidence is what speaks for and
// against it, strongest first; a Weight's Spam counts the lessons of this reason.
type LikelyReason struct {
	Reason      Reason
	Probability float64
	Evidence    []classifier.Weight
}

// tells is by how many nats a score has to move before anybody could tell. As one lesson is learned after 1,000 to
// 3,000 others, one waiting comment of 16 to 100 has another percentage or moves so far; after 200, one of 4 to 9.
const tells = 0.1

// Since is v, or where nobody could tell it from the former verdict, that one, by v's model: a comment whose score
// stays is written to no index. Both are on one side of suspect, the score from which a comment is suspected today.
func (v Verdict) Since(former Verdict, suspect float64) Verdict {
	same := v.Action == former.Action && v.Reason == former.Reason && v.Warm == former.Warm &&
		(v.Score >= suspect) == (former.Score >= suspect) && math.Abs(logit(v.Score)-logit(former.Score)) < tells &&
		slices.EqualFunc(v.Signals, former.Signals, func(a, b Signal) bool {
			return a.Name == b.Name && a.Code == b.Code && a.Text == b.Text && a.Args["rule"] == b.Args["rule"] &&
				a.Args["name"] == b.Args["name"] && (a.Weight == b.Weight || a.Name == "classifier")
		})
	if same {
		return former.By(v.ModelSeq)
	}
	return v
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// By is v, as if the model with that stamp had said it.
func (v Verdict) By(stamp uint64) Verdict {
	v.ModelSeq = stamp
	return v
}

// What the filter is sure of.
const (
	surelySpam = 0.98
	surelyHam  = 0.02
)

// Contradicts reports whether an action goes against what the filter was sure of.
func (v Verdict) Contradicts(a Action) bool {
	return v.Warm && (a == Approve && v.Spam > surelySpam || a == MarkSpam && v.Spam < surelyHam)
}
