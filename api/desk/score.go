package desk

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
)

// A score is a comment's risk: one number with its kind. The list, the pane and the comment's page show the same.
type score struct {
	Number string // in percent, or "–" without a prediction
	Icon   string // of the kind
	Kind   string // in words, such as "personal attack"
	Step   string // the CSS class of the risk, from q0 to q4
	Words  string // such as "Likely spam"
	Needs  string // what the model still needs
	Warm   bool
}

// kindIcons are the icons of the kinds of risk, except those of abuse.
var kindIcons = map[comment.Kind]string{
	comment.KindSpam: "megaphone", comment.KindLink: "link", comment.KindCopy: "copy", comment.KindRule: "funnel",
}

// lowRisk is the percentage below which a comment's risk has no kind.
const lowRisk = 20

// score formats a verdict's score, by which the queue is sorted, and its kind.
func (m *cardMaker) score(v comment.Verdict) score {
	if !v.Warm {
		s := score{Number: "–", Icon: "dash", Step: "q0", Kind: m.T("score.none"), Words: m.T("score.cold")}
		if m.single { // a list shows it once, above the cards
			s.Needs = m.trainingNeeds
		}
		return s
	}
	percent := Percent(v.Score)
	s := score{Number: m.Number(percent), Icon: "dash", Kind: m.T("kind.none"), Warm: true, Step: "q0"}
	for step, least := range []int{0, lowRisk, 40, 70, 90} {
		if percent >= least {
			s.Step = "q" + strconv.Itoa(step)
		}
	}
	s.Words = m.T("score." + bandOf(v))
	if percent < lowRisk {
		s.Words = m.T("score.nothing")
		return s
	}
	kind := v.Kind()
	s.Icon, s.Kind = cmp.Or(kindIcons[kind], "bubble"), m.T("kind."+string(kind))
	if kind == comment.KindNone {
		s.Icon = "dash"
	}
	if v.IsAbuse() {
		switch {
		case percent >= 70:
			s.Words = m.T("score.likely", "reason", s.Kind)
		case percent >= 30:
			s.Words = m.T("score.possible", "reason", s.Kind)
		}
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
	For     bool
	Text    string
	weight  float64
	decided bool // it determined the score
}

// disguiseWeight ranks disguised text among the reasons. It equals the weight of a filled honeypot field.
const disguiseWeight = 4

// reasons returns likely refusal reasons, disguise, signals and the strongest evidence as sentences. What determined the
// score comes first, then the strongest. It omits the classifier's signals, which are the score, and signals of weight
// 0, unless they are rules.
func (m *cardMaker) reasons(it moderation.Item, disguise string) []reason {
	var rs []reason
	v := it.Comment.Verdict
	kind := v.Kind()
	for _, l := range it.Reasons {
		r := reason{For: true, Text: m.likelyReasonText(l, kind), weight: math.Log(l.Probability / (1 - l.Probability))}
		r.decided = kind == comment.Kind(l.Reason.String())
		rs = append(rs, r)
	}
	if disguise != "" {
		rs = append(rs, reason{For: true, Text: disguise, weight: disguiseWeight})
	}
	for _, s := range v.Signals {
		if s.Name != "classifier" && (s.Weight != 0 || s.Name == "rule") {
			rs = append(rs, reason{For: s.Weight > 0, Text: m.SignalText(s.Code, s.Text, s.Args), weight: s.Weight,
				decided: s.Weight > 0 && !v.IsAbuse() && comment.SignalKind(s.Name) == kind})
		}
	}
	if v.Warm {
		for _, r := range m.evidenceReasons(it.Evidence) {
			r.decided = kind == comment.KindSpam && r.For
			rs = append(rs, r)
		}
		if v.Foreign() && v.ScoreDiffers(m.site.Settings.Suspect) {
			rs = append(rs, reason{Text: m.T("higher.foreign")})
		}
	}
	slices.SortStableFunc(rs, func(a, b reason) int {
		if a.decided != b.decided {
			return map[bool]int{true: -1, false: 1}[a.decided]
		}
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
			rs = append(rs, reason{For: refusal, Text: m.T(key, "words", strings.Join(said[refusal], ", ")), weight: sum[refusal]})
		}
	}
	for _, w := range ws {
		kind, trait, _ := strings.Cut(w.Token, ":")
		if isStrong(w, 3) && (kind == "website" || kind == "trait" && !strings.HasPrefix(trait, "mixed_letters=")) {
			rs = append(rs, reason{For: w.Weight > 0, Text: m.TokenText(w.Token) + ".", weight: w.Weight})
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

// likelyReasonText names a reason that is likely besides the kind of the score, or quotes the strongest evidence for the
// kind itself.
func (m *cardMaker) likelyReasonText(l comment.LikelyReason, kind comment.Kind) string {
	name := m.T("reason.low." + l.Reason.String())
	said, _ := m.strongest(l.Evidence, true)
	words := strings.Join(said[true], ", ")
	switch own := kind == comment.Kind(l.Reason.String()); {
	case own && words == "":
		return m.T("tone.like", "reason", name)
	case own:
		return m.T("tone.like.words", "reason", name, "words", words)
	case words == "":
		return m.T("tone.also", "reason", name)
	default:
		return m.T("tone.also.words", "reason", name, "words", words)
	}
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
	Width                  string // of the bar in SVG units, up to 120
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
		e := evidence{
			Token: shorten(m.TokenText(w.Token), 60), Because: m.seen(w, r), For: w.Weight > 0,
			Weight: m.Signed(w.Weight, 1),
			Width:  Decimal(min(120, math.Abs(w.Weight)*40)),
		}
		switch {
		case !e.For:
			e.Class = classAgainst
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
