package comment

import (
	"fmt"
	"math"
)

// What findings weigh, in nats towards refusal. None that is less than certain reaches 0.9
// without another: sigmoid(2) is 0.88.
const (
	maxLogit       = 7.0
	linkWeight     = 0.7 // each; only while the model is cold
	maxLinkWeight  = 2.0
	trapWeight     = 4.0
	againWeight    = 2.0
	alikeWeight    = 3.0
	hurriedWeight  = 2.0 // sent within hurried seconds
	quickWeight    = 1.0 // sent within quick seconds
	hurried, quick = 2, 4
	maxKnownBad    = 1.5

	manySubmissions = 3
)

const (
	namesake = "writer.namesake"
	foreign  = "classifier.foreign"
)

// signals are found of a comment; j is what its classifier said, and said what that weighs.
func signals(f Facts, v Verdict, j Judged, said float64) []Signal {
	var found []Signal
	add := func(name, code string, weight float64, args map[string]any, text string) {
		found = append(found, Signal{Name: name, Code: code, Weight: weight, Args: args, Text: text})
	}
	if v.Warm {
		percent := min(max(int(math.Round(v.Spam*100)), 1), 99) // no program is that sure
		add("classifier", "classifier.spam", said, map[string]any{"percent": percent},
			fmt.Sprintf("By what was decided here before, this is spam with a probability of %d %%.", percent))
	}
	if v.Warm && j.Foreign >= 0.5 { // what it weighs is taken off already
		add("classifier", foreign, 0, nil, "Hardly a word of it is known here; its letters alone make it no suspect.")
	}
	if n := f.Links; n > 0 {
		weight := min(float64(n)*linkWeight, maxLinkWeight)
		if v.Warm {
			weight = 0 // the model knows links, and which
		}
		add("link", "link.count", weight, map[string]any{"count": n}, plural(n, "It has %d link.", "It has %d links."))
	}
	found = append(found, f.repeated()...)
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
	if f.Namesake { // many people have one name: it is told, and weighs nothing
		add("writer", namesake, 0, nil, "Somebody else who signed in here goes by this name, or one that looks the same.")
	}
	if f.Checked != nil {
		found = append(found, *f.Checked)
	}
	return append(found, f.Ruled.Signals...)
}

// said is what a warm classifier's judgement weighs where comments are suspected from a score on. A young
// one makes none suspected alone, nor does any one a comment in a language that it was never taught; such keep
// their order below that.
func said(j Judged, suspect float64) float64 {
	z := min(max(j.Logit, -maxLogit), maxLogit)
	below := min(maxLogit, logit(suspect))
	held := 0.0
	switch {
	case z <= 0 || !j.Young && j.Foreign == 0:
		return z
	case below > 0:
		held = 0.99 * below * math.Tanh(z/below)
	}
	if j.Young {
		return held
	}
	return z - j.Foreign*(z-held)
}

// writerWeight counts a bad history only: nobody has to prove a name, so that a stranger would inherit a
// good one.
func (f Facts) writerWeight() float64 {
	if f.Approved >= f.Refused {
		return 0
	}
	return min(maxKnownBad, math.Log((float64(f.Refused)+0.5)/(float64(f.Approved)+0.5)))
}

// ReportedBy is the finding that n readers reported a comment, and nobody has decided on it since. It weighs nothing:
// a crowd of reporters refuses nobody.
func ReportedBy(n int) Signal {
	return Signal{Name: "report", Code: "report.open", Args: map[string]any{"count": n},
		Text: fmt.Sprintf("%d of its readers reported it.", n)}
}

// repeated are the findings that it came before.
func (f Facts) repeated() (found []Signal) {
	if f.Submissions >= manySubmissions {
		found = append(found, Signal{Name: "duplicate", Code: "duplicate.again", Weight: againWeight,
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
