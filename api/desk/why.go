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

// A score is said in words first, then as a count, then as a bar.
type score struct {
	Words, Count, Label string
	Why                 string // it stands elsewhere than the count says
	Warm                bool
	Width               int // of 200
}

// score of a verdict: the bar and its words show the whole score, which orders, the count the
// classifier's own probability; where they are apart it says why. It never says 0 or 100 in 100.
func (m *cardMaker) score(v comment.Verdict) score {
	if !v.Warm {
		s := score{Words: m.T("score.cold"), Label: m.T("score.none")}
		if m.alone { // a list says it once
			s.Count = m.young
		}
		return s
	}
	percent := int(math.Round(v.Score * 100))
	s := score{Warm: true, Width: min(200, 2*percent), Words: m.T("score." + bandOf(v))}
	s.Count = m.N("score.in100", InHundred(v.Spam))
	s.Label = m.N("score.n", InHundred(v.Score))
	var why []string
	for _, signal := range v.Raised(m.site.Settings.Suspect) {
		why = append(why, m.Signal(signal.Code, signal.Text, signal.Args))
	}
	switch {
	case len(why) > 0:
		s.Why = m.Higher(InHundred(v.Score), why)
	case v.Foreign() && v.Apart(m.site.Settings.Suspect):
		s.Why = m.T("higher.foreign", "score", InHundred(v.Score))
	case v.Apart(m.site.Settings.Suspect):
		s.Why = m.T("higher.guess", "score", InHundred(v.Score), "spam", InHundred(v.Spam))
	}
	return s
}

func InHundred(p float64) int { return min(99, max(1, int(math.Round(p*100)))) }

// young says what a site's filter was taught, and what it still needs to suspect anything by itself; "" once it
// needs nothing.
func (c *Catalog) young(is learning.Beginning) string {
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

// A reason is one sentence for refusal or against it.
type reason struct {
	For    bool
	Text   string
	weight float64
}

// disguised is what a disguise weighs among reasons: as much as a hidden field that was filled in.
const disguised = 4

// reasons are what the text hides, the signals as sentences, and what the strongest evidence says, strongest first.
// The signal of the classifier is left out, for it is the score, and so are those that the score
// names, or that weigh nothing.
func (m *cardMaker) reasons(it moderation.Item, disguise string) []reason {
	var rs []reason
	for _, l := range it.Reasons {
		r := reason{For: true, Text: m.tone(l), weight: math.Log(l.Probability / (1 - l.Probability))}
		if l.Probability > it.Comment.Verdict.Spam {
			r.weight = math.Inf(1) // that is the question here, not spam
		}
		rs = append(rs, r)
	}
	if disguise != "" {
		rs = append(rs, reason{For: true, Text: disguise, weight: disguised})
	}
	named := it.Comment.Verdict.Raised(m.site.Settings.Suspect)
	for _, s := range it.Comment.Verdict.Signals {
		same := func(n comment.Signal) bool { return n.Name == s.Name }
		if s.Name != "classifier" && (s.Weight != 0 || s.Name == "rule") && !slices.ContainsFunc(named, same) {
			rs = append(rs, reason{For: s.Weight > 0, Text: m.Signal(s.Code, s.Text, s.Args), weight: s.Weight})
		}
	}
	if it.Comment.Verdict.Warm {
		rs = append(rs, m.spoken(it.Evidence)...)
	}
	slices.SortStableFunc(rs, func(a, b reason) int {
		return cmp.Or(cmp.Compare(math.Abs(b.weight), math.Abs(a.weight)), cmp.Compare(a.Text, b.Text))
	})
	return rs
}

// spoken are the sentences that evidence makes: on the two strongest words, by the way they speak, and on each
// trait. Words of mixed alphabets are told as a disguise.
func (m *cardMaker) spoken(ws []classifier.Weight) (rs []reason) {
	said, sum := m.loudest(ws, false)
	for refusal, key := range map[bool]string{true: "spoken.for", false: "spoken.against"} {
		if len(said[refusal]) > 0 {
			rs = append(rs, reason{refusal, m.T(key, "words", strings.Join(said[refusal], ", ")), sum[refusal]})
		}
	}
	for _, w := range ws {
		kind, trait, _ := strings.Cut(w.Token, ":")
		if loud(w, 3) && (kind == "website" || kind == "trait" && !strings.HasPrefix(trait, "mixed_letters=")) {
			rs = append(rs, reason{w.Weight > 0, m.Token(w.Token) + ".", w.Weight})
		}
	}
	return rs
}

// loud reports evidence that is worth a sentence: e times as frequent on one side, and seen more often than by chance.
func loud(w classifier.Weight, seen int) bool { return math.Abs(w.Weight) >= 1 && w.Spam+w.Ham >= seen }

// loudest are the two strongest words, hosts and addresses that are worth a sentence, by whether they speak for
// refusal, and how much they say. Of a likely reason, for which few are refused, they are those that speak for it.
func (m *cardMaker) loudest(ws []classifier.Weight, likely bool) (said map[bool][]string, sum map[bool]float64) {
	said, sum = map[bool][]string{}, map[bool]float64{}
	seen := 3
	if likely {
		seen = 2
	}
	for _, w := range ws {
		kind, _, _ := strings.Cut(w.Token, ":")
		refusal := w.Weight > 0
		if len(said[true])+len(said[false]) < 2 && loud(w, seen) && (refusal || !likely) &&
			slices.Contains(spokenKinds, kind) {
			said[refusal] = append(said[refusal], shorten(m.Token(w.Token), 40))
			sum[refusal] += w.Weight
		}
	}
	return said, sum
}

var spokenKinds = []string{"word", "host", "writer_site", "mail", "mention"}

// tone says how often comments like this were refused for a reason, and what shows it most.
func (m *cardMaker) tone(l comment.LikelyReason) string {
	text := m.N("tone", InHundred(l.Probability), "reason", m.T("reason.low."+l.Reason.String()))
	if said, _ := m.loudest(l.Evidence, true); len(said) > 0 {
		text += " " + m.T("tone.words", "words", strings.Join(said[true], ", "))
	}
	return text
}

// An evidenceList is what speaks for spam, or for another reason, and against it.
type evidenceList struct {
	Head     string
	Evidence []evidence
}

// An evidence is one token with what it adds, for the list and for the table.
type evidence struct {
	Token, Because, Weight string
	For                    bool
	Class                  string // as of a sign in the text
	X, Width               string // of the bar, whose middle is 80
}

// evidenceLists are in order of what they speak for, the likeliest first.
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
			Token: shorten(m.Token(w.Token), 60), Because: m.seen(w, r), For: w.Weight > 0,
			Weight: m.Signed(w.Weight, 1),
			X:      "80", Width: Decimal(width),
		}
		switch {
		case !e.For:
			e.Class, e.X = signAgainst, Decimal(80-width)
		case r != comment.ReasonSpam:
			e.Class = signReason
		}
		es = append(es, e)
	}
	return es
}

// A reasonChoice is one of the eight reasons, in the order of the API's list.
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
