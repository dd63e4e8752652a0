package comment_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

const suspect = 0.9

// classifierWeight returns a prediction of a warm model with a probability of spam.
func classifierWeight(spam float64, reasons ...float64) comment.Prediction {
	j := comment.Prediction{OK: true, ModelSeq: 7}
	j.Warm, j.Spam, j.Logit = true, spam, math.Log(spam/(1-spam))
	copy(j.Reasons[:], reasons)
	return j
}

// reasonsOnly returns a prediction of a model that was taught no spam.
func reasonsOnly(reasons ...float64) comment.Prediction {
	j := comment.Prediction{OK: true, ModelSeq: 7, Judgement: classifier.Judgement{Spam: 0.5}}
	copy(j.Reasons[:], reasons)
	return j
}

func TestVerdictOf_Signals(t *testing.T) {
	quiet := comment.Facts{FormAge: -1, Submissions: 1}
	trapped, again := quiet, quiet
	trapped.Trap, again.Submissions = true, 3
	links := quiet
	links.Links = 4
	known, refused, hurried := quiet, quiet, quiet
	known.Approved, refused.Refused, hurried.FormAge = 20, 5, 1
	for _, tt := range []struct {
		name   string
		facts  comment.Facts
		judged comment.Prediction
		action comment.Action
		reason comment.Reason
		least  float64 // minimum score
		most   float64
	}{
		{"nothing is known", quiet, comment.Prediction{}, comment.Hold, 0, 0.5, 0.5},
		{"the model is cold", quiet, comment.Prediction{Judgement: classifier.Judgement{Spam: 0.5, Logit: 4}, OK: true},
			comment.Hold, 0, 0.5, 0.5},
		{"the model is sure of spam", quiet, classifierWeight(0.99), comment.MarkSpam, comment.ReasonSpam, 0.98, 1},
		{"the model is sure of ham", quiet, classifierWeight(0.01), comment.Approve, 0, 0, 0.02},
		{"the model is not sure", quiet, classifierWeight(0.5), comment.Hold, 0, 0.5, 0.5},
		{"ham, but likely an insult", quiet, classifierWeight(0.01, 0, 0, 0.6), comment.Hold, 0, 0.59, 0.61},
		{"ham, and surely an insult", quiet, classifierWeight(0.01, 0, 0, 0.95), comment.Reject, comment.ReasonPersonalAttack, 0.94, 0.96},
		{"spam, and likelier an insult", quiet, classifierWeight(0.92, 0, 0, 0.99), comment.Reject, comment.ReasonPersonalAttack, 0.98, 1},
		{"an insult, and likelier spam", quiet, classifierWeight(0.99, 0, 0, 0.92), comment.MarkSpam, comment.ReasonSpam, 0.98, 1},
		{"an insult without a spam model", quiet, reasonsOnly(0, 0, 0.95), comment.Reject, comment.ReasonPersonalAttack, 0.94, 0.96},
		{"the honeypot was filled", trapped, classifierWeight(0.01), comment.MarkSpam, comment.ReasonSpam, suspect, 1},
		{"submitted three times", again, classifierWeight(0.01), comment.MarkSpam, comment.ReasonSpam, suspect, 1},
		{"many links and no model", links, comment.Prediction{}, comment.Hold, 0, 0.6, 0.89},
		{"sent within a second, and no model", hurried, comment.Prediction{}, comment.Hold, 0, 0.6, 0.89},
		{"the name of a known writer", known, classifierWeight(0.5), comment.Hold, 0, 0.5, 0.5},
		{"a refused writer", refused, classifierWeight(0.5), comment.Hold, 0, 0.8, 0.89},
	} {
		v := comment.VerdictOf(tt.facts, tt.judged, suspect)
		if v.Action != tt.action || v.Reason != tt.reason || v.Score < tt.least || v.Score > tt.most ||
			v.ModelSeq != tt.judged.ModelSeq {
			t.Errorf("%s: got %v %v with %v by %d, want %v %v with %v to %v", tt.name,
				v.Action, v.Reason, v.Score, v.ModelSeq, tt.action, tt.reason, tt.least, tt.most)
		}
	}
}

// With fewer than ten decisions of each kind, the classifier alone makes no comment suspected, for any threshold. Other
// signals still count, and the order is kept.
func TestVerdictOf_YoungModelDoesNotSuspect(t *testing.T) {
	quiet := comment.Facts{FormAge: -1, Submissions: 1}
	trapped, again, quick := quiet, quiet, quiet
	trapped.Trap, again.Submissions, quick.FormAge, quick.Refused = true, 3, 1, 5
	for _, suspect := range []float64{0.5, 0.51, 0.7, 0.9, 0.999, 1} {
		before := 0.0
		for _, p := range []float64{0.001, 0.3, 0.5, 0.6, 0.9, 0.99, 0.999} {
			young := classifierWeight(p)
			young.Young = true
			v := comment.VerdictOf(quiet, young, suspect)
			if v.Score >= suspect && suspect > 0.5 || v.Action == comment.MarkSpam && suspect > 0.5 {
				t.Errorf("suspected from %g: %g is scored %g and suggested %v", suspect, p, v.Score, v.Action)
			}
			if v.Score < before {
				t.Errorf("suspected from %g: %g is scored %g, below what is less probable", suspect, p, v.Score)
			}
			before = v.Score
			for what, f := range map[string]comment.Facts{"honeypot": trapped, "sent again": again} {
				if v := comment.VerdictOf(f, young, suspect); v.Score < suspect || v.Action != comment.MarkSpam {
					t.Errorf("suspected from %g, %s: %g is scored %g and suggested %v", suspect, what, p, v.Score, v.Action)
				}
			}
		}
	}
	young := classifierWeight(0.9)
	young.Young = true
	if v := comment.VerdictOf(quick, young, suspect); v.Action != comment.MarkSpam {
		t.Errorf("sent within a second by a writer with five refusals: %v at %g", v.Action, v.Score)
	}
}

// A reason with fewer than ten decisions raises the score, but makes no comment suspected, for any threshold.
func TestVerdictOf_YoungReasonDoesNotSuspect(t *testing.T) {
	quiet := comment.Facts{FormAge: -1, Submissions: 1}
	for _, suspect := range []float64{0.51, 0.7, 0.9, 0.999} {
		before := 0.0
		for _, p := range []float64{0.3, 0.5, 0.6, 0.9, 0.99, 0.999} {
			j := classifierWeight(0.01, 0, p)
			j.YoungReasons[1] = true
			v := comment.VerdictOf(quiet, j, suspect)
			if v.Score >= suspect || v.Score < before || v.Kind() != comment.KindObscenity {
				t.Errorf("suspected from %g: %g is scored %g and suggested %v, kind %s", suspect, p, v.Score, v.Action, v.Kind())
			}
			before = v.Score
		}
	}
}

// The score of abuse survives signals that come later, also after the verdict was stored as JSON.
func TestVerdict_AbuseSurvivesLaterSignals(t *testing.T) {
	f := comment.Facts{FormAge: -1, Submissions: 1}
	first := comment.VerdictOf(f, classifierWeight(0.01, 0, 0, 0.97), suspect)
	raw, err := json.Marshal(first.Signals)
	if err != nil {
		t.Fatal(err)
	}
	first.Signals = nil
	if err := json.Unmarshal(raw, &first.Signals); err != nil {
		t.Fatal(err)
	}
	checked := first.WithChecker(comment.Signal{Name: "checker", Weight: 2.5}, suspect)
	f.Submissions = 3
	again := checked.WithRepeats(f, suspect)
	for name, v := range map[string]comment.Verdict{"checked": checked, "submitted again": again} {
		if math.Abs(v.Score-0.97) > 1e-9 || v.Action != comment.Reject || v.Reason != comment.ReasonPersonalAttack ||
			v.Kind() != comment.KindPersonalAttack {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestKind_NamesWhatDeterminedTheScore(t *testing.T) {
	quiet := comment.Facts{FormAge: -1, Submissions: 1}
	linked, again, alike, ruled := quiet, quiet, quiet, quiet
	linked.Links, again.Submissions, alike.Alike = 4, 3, 2
	ruled.Findings = comment.Findings{Suspected: true, Signals: []comment.Signal{{Name: "rule", Weight: 3}}}
	for _, tt := range []struct {
		name   string
		facts  comment.Facts
		judged comment.Prediction
		want   comment.Kind
	}{
		{"nothing is known", quiet, comment.Prediction{}, comment.KindNone},
		{"a warm model", quiet, classifierWeight(0.3), comment.KindSpam},
		{"an insult", quiet, classifierWeight(0.3, 0, 0, 0.6), comment.KindPersonalAttack},
		{"hate", quiet, classifierWeight(0.3, 0.8, 0, 0.6), comment.KindHateSpeech},
		{"an insult that is likelier spam", quiet, classifierWeight(0.7, 0, 0, 0.6), comment.KindSpam},
		{"links without a model", linked, comment.Prediction{}, comment.KindLink},
		{"links known to the model", linked, classifierWeight(0.6), comment.KindSpam},
		{"submitted three times", again, classifierWeight(0.01), comment.KindCopy},
		{"a copy of refused spam", alike, classifierWeight(0.01), comment.KindCopy},
		{"a rule", ruled, classifierWeight(0.01), comment.KindRule},
		{"a rule, and surer spam", ruled, classifierWeight(0.99), comment.KindSpam},
	} {
		if got := comment.VerdictOf(tt.facts, tt.judged, suspect).Kind(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A language that was never taught does not make a comment suspected, for any threshold. Other signals still count, and
// the order is kept.
func TestVerdictOf_UnknownLanguageDoesNotSuspect(t *testing.T) {
	quiet := comment.Facts{FormAge: -1, Submissions: 1}
	trapped := quiet
	trapped.Trap = true
	for _, suspect := range []float64{0.51, 0.7, 0.9, 0.999} {
		before := 0.0
		for _, p := range []float64{0.001, 0.3, 0.5, 0.6, 0.9, 0.99, 0.999} {
			j := classifierWeight(p)
			j.UnknownLanguage = 1
			v := comment.VerdictOf(quiet, j, suspect)
			if v.Score >= suspect || v.Action == comment.MarkSpam || !v.Foreign() {
				t.Errorf("suspected from %g: %g is scored %g and suggested %v, foreign %v",
					suspect, p, v.Score, v.Action, v.Foreign())
			}
			if v.Score < before {
				t.Errorf("suspected from %g: %g is scored %g, below what is less probable", suspect, p, v.Score)
			}
			before = v.Score
			if v := comment.VerdictOf(trapped, j, suspect); v.Action != comment.MarkSpam {
				t.Errorf("suspected from %g, honeypot: %g is suggested %v", suspect, p, v.Action)
			}
			j.UnknownLanguage = 0.2
			half := comment.VerdictOf(quiet, j, suspect)
			if plain := comment.VerdictOf(quiet, classifierWeight(p), suspect); half.Score < before-1e-9 || half.Score > plain.Score ||
				half.Foreign() || plain.Foreign() {
				t.Errorf("suspected from %g: %g is scored %g in a language that is half known, %g in one that is, %g in none",
					suspect, p, half.Score, plain.Score, before)
			}
		}
	}
}

func TestWithRepeats_AddsSignalOnce(t *testing.T) {
	f := comment.Facts{FormAge: -1, Submissions: 2}
	first := comment.VerdictOf(f, classifierWeight(0.01), suspect)
	if again := first.WithRepeats(f, suspect); again.Action != first.Action || len(again.Signals) != len(first.Signals) {
		t.Errorf("twice is no sign of anything: got %+v", again)
	}
	for f.Submissions = 3; f.Submissions < 5; f.Submissions++ {
		v := first.WithRepeats(f, suspect).WithRepeats(f, suspect)
		if len(v.Signals) != len(first.Signals)+1 || v.Score < suspect || v.Action != comment.MarkSpam ||
			v.Spam != first.Spam {
			t.Errorf("after %d submissions: got %+v", f.Submissions, v)
		}
	}
	if len(first.Signals) != 1 || first.Action != comment.Approve {
		t.Errorf("the verdict before has changed: %+v", first)
	}
}

func TestLikely_ByProbabilityOrSuggestion(t *testing.T) {
	v := comment.Verdict{Action: comment.Reject, Reason: comment.ReasonObscenity}
	for _, tt := range []struct {
		reason      comment.Reason
		probability float64
		want        bool
	}{
		{comment.ReasonHateSpeech, 0.5, true},
		{comment.ReasonHateSpeech, 0.49, false},
		{comment.ReasonObscenity, 0.1, true},
		{comment.ReasonObscenity, 0, false},
	} {
		if got := v.Likely(tt.reason, tt.probability); got != tt.want {
			t.Errorf("%v with %v is likely: %t", tt.reason, tt.probability, got)
		}
	}
	if classifier.Label(len(comment.PredictedReasons))+classifier.HateSpeech != classifier.PersonalAttack+1 {
		t.Error("the classifier knows more or fewer reasons")
	}
}

// An insignificant change keeps the former verdict, and the model is not called again.
func TestKeepIfClose_KeepsFormerVerdict(t *testing.T) {
	facts := comment.Facts{FormAge: -1, Submissions: 1, Refused: 2}
	of := func(f comment.Facts, spam float64, changed uint64, reasons ...float64) comment.Verdict {
		return comment.VerdictOf(f, classifierWeight(spam, reasons...), suspect).WithModelSeq(changed)
	}
	ruled := facts
	ruled.Findings = comment.Findings{Signals: []comment.Signal{
		{Name: "rule", Code: "rule.word", Text: "A rule.", Args: map[string]any{"rule": "r1"}}}}
	otherRule := facts
	otherRule.Findings = comment.Findings{Signals: []comment.Signal{
		{Name: "rule", Code: "rule.word", Text: "A rule.", Args: map[string]any{"rule": "r2"}}}}
	heavier := facts
	heavier.Findings = comment.Findings{Signals: []comment.Signal{
		{Name: "rule", Code: "rule.word", Text: "A rule.", Weight: 0.01, Args: map[string]any{"rule": "r1"}}}}
	known := facts
	known.Refused = 3
	for _, tt := range []struct {
		name        string
		former, now comment.Verdict
		stays       bool
	}{
		{"hardly another score", of(facts, 0.301, 7), of(facts, 0.304, 8), true},
		{"the same", of(facts, 0.301, 7), of(facts, 0.301, 8), true},
		{"another percentage", of(facts, 0.304, 7), of(facts, 0.306, 8), false},
		{"one percentage, far apart by its odds", of(facts, 0.006, 7), of(facts, 0.0068, 8), false},
		{"likely for a reason", of(facts, 0.301, 7), of(facts, 0.301, 8, 0.95), false},
		{"another history", of(facts, 0.301, 7), of(known, 0.301, 8), false},
		{"the same rule", of(ruled, 0.301, 7), of(ruled, 0.301, 8), true},
		{"the same rule, a little heavier", of(ruled, 0.301, 7), of(heavier, 0.301, 8), false},
		{"another rule that says the same", of(ruled, 0.301, 7), of(otherRule, 0.301, 8), false},
	} {
		got := tt.now.KeepIfClose(tt.former, suspect)
		if want := tt.now; tt.stays {
			if want = tt.former.WithModelSeq(8); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", tt.name, got, want)
			}
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, want)
		}
	}
	// A comment that is suspected regardless of its text stays suspected if the threshold rises slightly.
	trapped := facts
	trapped.Trap, trapped.Refused = true, 0
	former, now := comment.VerdictOf(trapped, classifierWeight(0.01), 0.5), comment.VerdictOf(trapped, classifierWeight(0.01), 0.52)
	if got := now.KeepIfClose(former, 0.52); got.Score != 0.52 {
		t.Errorf("suspected from 0.52 on: a trapped comment stands at %v", got.Score)
	}
}
