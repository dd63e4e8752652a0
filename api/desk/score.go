package desk

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
)

// A score is shown as words, as a percentage and as a bar.
type score struct {
	Words, Count, Label string
	Why                 string // why the comment is ranked elsewhere than its percentage suggests
	Warm                bool
	Width               int // of 200
}

// score formats a verdict's score, by which the queue is sorted. Why names the signals that raised it above the
// classifier's probability. Percentages are clamped to 1–99.
func (m *cardMaker) score(v comment.Verdict) score {
	if !v.Warm {
		s := score{Words: m.T("score.cold"), Label: m.T("score.none")}
		if m.single { // a list shows it once, above the cards
			s.Count = m.trainingNeeds
		}
		return s
	}
	percent := int(math.Round(v.Score * 100))
	s := score{Warm: true, Width: min(200, 2*percent), Words: m.T("score." + bandOf(v))}
	s.Count = m.N("score.in100", Percent(v.Score))
	s.Label = m.N("score.n", Percent(v.Score))
	if v.IsAbuse() {
		reason := m.T("reason.low." + string(v.Kind()))
		s.Count = m.T("score.in100.abuse", "n", Percent(v.Score), "reason", reason)
		switch {
		case percent >= 70:
			s.Words = m.T("score.likely", "reason", reason)
		case percent >= 30:
			s.Words = m.T("score.possible", "reason", reason)
		}
	}
	var why []string
	for _, signal := range v.RaisingSignals(m.site.Settings.Suspect) {
		why = append(why, m.SignalText(signal.Code, signal.Text, signal.Args))
	}
	switch {
	case len(why) > 0:
		s.Why = m.RaisedBecause(why)
	case v.Foreign() && v.ScoreDiffers(m.site.Settings.Suspect):
		s.Why = m.T("higher.foreign")
	}
	return s
}

func Percent(p float64) int { return min(99, max(1, int(math.Round(p*100)))) }

// trainingNeeds says how many decisions a site's model has learned from, and how many it still needs before it suspects
// comments by itself. It returns "" once the model has enough.
func (c *Catalog) trainingNeeds(is learning.TrainingProgress) string {
	var more []string
	for _, kind := range []struct {
		key string
		n   int
	}{{"young.more.approved", is.MoreHam}, {"young.more.spam", is.MoreSpam}} {
		if kind.n > 0 {
			more = append(more, c.N(kind.key, kind.n))
		}
	}
	if len(more) == 0 {
		return ""
	}
	approved, spam := c.N("young.approved", is.Ham), c.N("young.spam", is.Spam)
	if is.Ham == 0 {
		approved = c.T("young.approved.none")
	}
	if is.Spam == 0 {
		spam = c.T("young.spam.none")
	}
	return approved + ", " + spam + ". " + c.T("young.needs", "more", strings.Join(more, ", "))
}

// A reason is one sentence for refusal (For) or against it.
type reason struct {
	For    bool
	Text   string
	weight float64
}

// disguiseWeight ranks disguised text among the reasons. It equals the weight of a filled honeypot field.
const disguiseWeight = 4

// reasons returns likely refusal reasons, disguise, signals and the strongest evidence as sentences, strongest first.
// It omits the classifier's signals, which are the score; signals that Score.Why names; and signals of weight 0, unless
// they are rules.
func (m *cardMaker) reasons(it moderation.Item, disguise string) []reason {
	var rs []reason
	for _, l := range it.Reasons {
		r := reason{For: true, Text: m.likelyReasonText(l), weight: math.Log(l.Probability / (1 - l.Probability))}
		if l.Probability > it.Comment.Verdict.Spam {
			r.weight = math.Inf(1) // likelier than spam: list it first
		}
		rs = append(rs, r)
	}
	if disguise != "" {
		rs = append(rs, reason{For: true, Text: disguise, weight: disguiseWeight})
	}
	named := it.Comment.Verdict.RaisingSignals(m.site.Settings.Suspect)
	for _, s := range it.Comment.Verdict.Signals {
		same := func(n comment.Signal) bool { return n.Name == s.Name }
		if s.Name != "classifier" && (s.Weight != 0 || s.Name == "rule") && !slices.ContainsFunc(named, same) {
			rs = append(rs, reason{For: s.Weight > 0, Text: m.SignalText(s.Code, s.Text, s.Args), weight: s.Weight})
		}
	}
	if it.Comment.Verdict.Warm {
		rs = append(rs, m.evidenceReasons(it.Evidence)...)
	}
	slices.SortStableFunc(rs, func(a, b reason) int {
		return cmp.Or(cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)), cmp.Compare(a.Text, b.Text))
	})
	return rs
}

// evidenceReasons returns sentences about the two strongest words, grouped by direction, and about each strong trait.
// It omits words of mixed alphabets, which are reported as a disguise.
func (m *cardMaker) evidenceReasons(ws []classifier.Weight) (rs []reason) {
	said, sum := m.strongest(ws, false)
	for refusal, key := range map[bool]string{true: "spoken.for", false: "spoken.against"} {
		if len(said[refusal]) > 0 {
			rs = append(rs, reason{refusal, m.T(key, "words", strings.Join(said[refusal], ", ")), sum[refusal]})
		}
	}
	for _, w := range ws {
		kind, trait, _ := strings.Cut(w.Token, ":")
		if isStrong(w, 3) && (kind == "website" || kind == "trait" && !strings.HasPrefix(trait, "mixed_letters=")) {
			rs = append(rs, reason{w.Weight > 0, m.TokenText(w.Token) + ".", w.Weight})
		}
	}
	return rs
}

// isStrong reports whether evidence deserves a sentence: its likelihood ratio is at least e, and it occurred in at
// least seen comments.
func isStrong(w classifier.Weight, seen int) bool {
	return math.Abs(w.Weight) >= 1 && w.Spam+w.Ham >= seen
}

// strongest returns at most two strong words, hosts and addresses by direction (true is for refusal), and the sum of
// their weights. For a likely reason it returns only evidence for it and accepts evidence seen twice, because few
// comments are refused for such a reason.
func (m *cardMaker) strongest(ws []classifier.Weight, likely bool) (said map[bool][]string, sum map[bool]float64) {
	said, sum = map[bool][]string{}, map[bool]float64{}
	seen := 3
	if likely {
		seen = 2
	}
	for _, w := range ws {
		kind, _, _ := strings.Cut(w.Token, ":")
		refusal := w.Weight > 0
		if len(said[true])+len(said[false]) < 2 && isStrong(w, seen) && (refusal || !likely) &&
			slices.Contains(quotedKinds, kind) {
			said[refusal] = append(said[refusal], shorten(m.TokenText(w.Token), 40))
			sum[refusal] += w.Weight
		}
	}
	return said, sum
}

var quotedKinds = []string{"word", "domain", "writer_site"}

// likelyReasonText says how often similar comments were refused for a reason, and quotes the strongest evidence.
func (m *cardMaker) likelyReasonText(l comment.LikelyReason) string {
	text := m.T("tone", "n", Percent(l.Probability), "reason", m.T("reason.low."+l.Reason.String()))
	if said, _ := m.strongest(l.Evidence, true); len(said) > 0 {
		text += " " + m.T("tone.words", "words", strings.Join(said[true], ", "))
	}
	return text
}

// An evidenceList is the evidence for and against one reason.
type evidenceList struct {
	Head     string
	Evidence []evidence
}

// An evidence is one token with its weight, for the list and for the table.
type evidence struct {
	Token, Because, Weight string
	For                    bool
	Class                  string // the CSS class of a highlight
	X, Width               string // of the bar in SVG units; its zero line is at 80
}

// evidenceLists returns one list per reason, the likeliest reason first. Spam is always among them.
func (m *cardMaker) evidenceLists(it moderation.Item) []evidenceList {
	spam := evidenceList{Head: m.T("evidence.head"), Evidence: m.evidence(it.Evidence, comment.ReasonSpam)}
	var lists []evidenceList
	for _, l := range it.Reasons {
		lists = append(lists, evidenceList{
			Head:     m.T("evidence.head.reason", "reason", m.T("reason.low."+l.Reason.String())),
			Evidence: m.evidence(l.Evidence, l.Reason),
		})
	}
	likelier := slices.IndexFunc(it.Reasons, func(l comment.LikelyReason) bool {
		return l.Probability < it.Comment.Verdict.Spam
	})
	if likelier < 0 {
		likelier = len(lists)
	}
	return slices.Insert(lists, likelier, spam)
}

func (m *cardMaker) evidence(ws []classifier.Weight, r comment.Reason) []evidence {
	es := make([]evidence, 0, len(ws))
	for _, w := range ws {
		width := min(80, math.Abs(w.Weight)*26)
		e := evidence{
			Token: shorten(m.TokenText(w.Token), 60), Because: m.seen(w, r), For: w.Weight > 0,
			Weight: m.Signed(w.Weight, 1),
			X:      "80", Width: Decimal(width),
		}
		switch {
		case !e.For:
			e.Class, e.X = classAgainst, Decimal(80-width)
		case r != comment.ReasonSpam:
			e.Class = classReason
		}
		es = append(es, e)
	}
	return es
}

// A reasonChoice is one of the eight refusal reasons, in the order of the API's list.
type reasonChoice struct {
	Key, Word string
	Digit     int
}

var reasonChoices = func() []reasonChoice {
	var all []reasonChoice
	for _, r := range comment.Reasons() {
		all = append(all, reasonChoice{r.String(), "reason." + r.String(), int(r)})
	}
	return all
}()
