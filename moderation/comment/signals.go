package comment

import (
	"fmt"
	"math"
	"strings"
)

// Weights of signals, in nats towards refusal. No uncertain signal reaches 0.9 alone: sigmoid(2) is 0.88.
const (
	maxLogit         = 7.0
	linkWeight       = 0.7 // per link; only while the model is cold
	maxLinkWeight    = 2.0
	trapWeight       = 4.0
	repeatWeight     = 2.0
	alikeWeight      = 3.0
	hurriedWeight    = 2.0 // sent in less than hurried seconds
	quickWeight      = 1.0 // sent in less than quick seconds
	hurried, quick   = 2, 4
	maxHistoryWeight = 1.5

	manySubmissions = 3
)

const (
	abuseCode    = "classifier.abuse"
	namesakeCode = "writer.namesake"
	foreignCode  = "classifier.foreign"
)

// signals returns the signals of a comment. j is the prediction of the classifier. suspect is the score from which a
// comment is suspected.
func signals(f Facts, v Verdict, j Prediction, suspect float64) []Signal {
	var found []Signal
	add := func(name, code string, weight float64, args map[string]any, text string) {
		found = append(found, Signal{Name: name, Code: code, Weight: weight, Args: args, Text: text})
	}
	if v.Warm {
		percent := percentOf(v.Spam)
		add("classifier", "classifier.spam", classifierWeight(j, suspect), map[string]any{"percent": percent},
			fmt.Sprintf("By what was decided here before, this is spam with a probability of %d %%.", percent))
	}
	if v.Warm && j.UnknownLanguage >= 0.5 { // the weight already contains its effect
		add("classifier", foreignCode, 0, nil, "Hardly a word of it is known here; its letters alone make it no suspect.")
	}
	if s, ok := abuse(j, suspect); ok {
		found = append(found, s)
	}
	if n := f.Links; n > 0 {
		weight := min(float64(n)*linkWeight, maxLinkWeight)
		if v.Warm {
			weight = 0 // the model already takes links into account
		}
		add("link", "link.count", weight, map[string]any{"count": n}, plural(n, "It has %d link.", "It has %d links."))
	}
	found = append(found, f.repeatSignals()...)
	if f.Trap {
		add("honeypot", "honeypot.filled", trapWeight, nil, "A field that people do not see was filled in.")
	}
	if f.FormAge >= 0 && f.FormAge < quick {
		weight := quickWeight
		if f.FormAge < hurried {
			weight = hurriedWeight
		}
		add("form_age", "form_age.quick", weight, map[string]any{"seconds": f.FormAge},
			plural(f.FormAge, "It was sent %d second after the form was opened.",
				"It was sent %d seconds after the form was opened."))
	}
	if f.Approved+f.Refused > 0 {
		add("writer", "writer.history", f.writerWeight(), map[string]any{"approved": f.Approved, "refused": f.Refused},
			fmt.Sprintf("Of this writer's comments %d were approved and %d refused.", f.Approved, f.Refused))
	}
	if f.Namesake { // many people share a name, so it only informs
		add("writer", namesakeCode, 0, nil, "Somebody else who signed in here goes by this name, or one that looks the same.")
	}
	if f.Checked != nil {
		found = append(found, *f.Checked)
	}
	return append(found, f.Findings.Signals...)
}

// classifierWeight returns the weight of a warm classifier's prediction, on a site where comments are suspected from
// the score suspect: the logit of its calibrated probability. So without other signals the score is that probability.
// Alone, a young classifier never makes a comment suspected. Neither does any classifier for a comment in a language
// that it was never taught. Such comments keep their order below suspect.
func classifierWeight(j Prediction, suspect float64) float64 {
	return holdBelow(suspect, j.Spam, j.Young, j.UnknownLanguage)
}

// holdBelow returns the logit of a probability. If the model is young, it is below that of suspect; if the comment's
// language is unknown, it is as much lower as unknown says, from 0 to 1.
func holdBelow(suspect, probability float64, young bool, unknown float64) float64 {
	z := min(max(logit(probability), -maxLogit), maxLogit)
	below := min(maxLogit, logit(suspect))
	held := 0.0
	switch {
	case z <= 0 || !young && unknown == 0:
		return z
	case below > 0:
		held = 0.99 * below * math.Tanh(z/below)
	}
	if young {
		return held
	}
	return z - unknown*(z-held)
}

// abuse returns the signal of the likeliest of PredictedReasons, unless it is less probable than minReason. Its weight
// is 0, because it says nothing about spam: Verdict.abuse reads its risk.
func abuse(j Prediction, suspect float64) (Signal, bool) {
	worst := 0
	for i, p := range j.Reasons {
		if p > j.Reasons[worst] {
			worst = i
		}
	}
	p := j.Reasons[worst]
	if !j.OK || p < minReason {
		return Signal{}, false
	}
	reason := PredictedReasons[worst].String()
	risk := sigmoid(holdBelow(suspect, p, j.YoungReasons[worst], j.UnknownLanguage))
	percent := percentOf(p)
	return Signal{Name: "classifier", Code: abuseCode,
		Args: map[string]any{"reason": reason, "percent": percent, "probability": p, "risk": risk},
		Text: fmt.Sprintf("By what was decided here before, this is %s with a probability of %d %%.",
			strings.ReplaceAll(reason, "_", " "), percent)}, true
}

// percentOf returns a probability in percent, from 1 to 99: it never claims certainty.
func percentOf(p float64) int { return min(max(int(math.Round(p*100)), 1), 99) }

// writerWeight returns the weight of the commenter's history. Only a bad history counts: names are unverified, so a
// stranger could claim a name with a good one.
func (f Facts) writerWeight() float64 {
	if f.Approved >= f.Refused {
		return 0
	}
	return min(maxHistoryWeight, math.Log((float64(f.Refused)+0.5)/(float64(f.Approved)+0.5)))
}

// ReportSignal returns the signal that n readers reported a comment, and no decision was made since. Its weight is 0,
// so that a crowd of reporters cannot get a comment refused.
func ReportSignal(n int) Signal {
	return Signal{Name: "report", Code: "report.open", Args: map[string]any{"count": n},
		Text: fmt.Sprintf("%d of its readers reported it.", n)}
}

// repeatSignals returns the signals for repeated submissions and for similar refused comments.
func (f Facts) repeatSignals() (found []Signal) {
	if f.Submissions >= manySubmissions {
		found = append(found, Signal{Name: "duplicate", Code: "duplicate.again", Weight: repeatWeight,
			Args: map[string]any{"count": f.Submissions},
			Text: fmt.Sprintf("It was submitted %d times.", f.Submissions)})
	}
	if f.Alike > 0 {
		found = append(found, Signal{Name: "campaign", Code: "campaign.refused", Weight: alikeWeight,
			Args: map[string]any{"count": f.Alike},
			Text: plural(f.Alike, "It is nearly the same as %d comment that was refused.",
				"It is nearly the same as %d comments that were refused.")})
	}
	return found
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf(one, n)
	}
	return fmt.Sprintf(many, n)
}
