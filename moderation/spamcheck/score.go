package spamcheck

import (
	"context"
	"fmt"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// Reasons are the labels of abusive comments that a model scores.
var Reasons = [3]classifier.Label{classifier.HateSpeech, classifier.Obscenity, classifier.PersonalAttack}

// A Score is the probability of a label. It counts only if it is Known. Otherwise the model is young, and MoreLabel and
// MoreHam are the numbers of lessons of the label and of ham that it needs.
type Score struct {
	Probability        float64
	MoreLabel, MoreHam int
}

// Known reports whether the model learned enough for the score.
func (s Score) Known() bool { return s.MoreLabel == 0 && s.MoreHam == 0 }

// Scores are the scores of a comment. Labels has Spam and the Reasons. Abuse is the highest known score of the Reasons.
// Without one, it is the score that needs the fewest lessons. Length is how many characters of the text were scored.
type Scores struct {
	Labels   map[classifier.Label]Score
	Abuse    Score
	Language string
	Length   int
}

// SiteForScore returns the site with a key, or the caller's only site for the key "". It needs a moderator of that
// site. Without a matching site it returns authz.NoSite.
func (s *Service) SiteForScore(ctx context.Context, who authz.Actor, key string) (site.Site, error) {
	sites, err := s.work.Sites(ctx, who)
	if err != nil {
		return site.Site{}, err
	}
	i := slices.IndexFunc(sites, func(site site.Site) bool {
		return site.Key == key || key == "" && len(sites) == 1
	})
	if i < 0 {
		return site.Site{}, authz.NoSite()
	}
	return sites[i], who.Authorize(sites[i].ID, authz.Moderator, authz.ScopeRead)
}

// Score scores a comment with the site's model alone: without rules, blocks and history. It stores nothing. It needs a
// moderator.
func (s *Service) Score(ctx context.Context, who authz.Actor, site site.Site, in Request) (Scores, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Scores{}, err
	}
	own, err := s.judge.OwnLessons(ctx, site.ID)
	if err != nil {
		return Scores{}, fmt.Errorf("score a comment: %w", err)
	}
	c := s.draft(site, in, s.work.Now())
	judged := s.judge.Judge(ctx, c)
	if !judged.OK {
		return Scores{}, problem.TryAgain(nil)
	}
	score := func(l classifier.Label, p float64) Score {
		return Score{Probability: p, MoreLabel: max(0, classifier.YoungBelow-own[l]),
			MoreHam: max(0, classifier.YoungBelow-own[classifier.Ham])}
	}
	out := Scores{Labels: map[classifier.Label]Score{classifier.Spam: score(classifier.Spam, judged.Spam)},
		Language: text.Language(c.Source), Length: min(len([]rune(in.Body)), comment.MaxLength)}
	for i, l := range Reasons {
		one := score(l, judged.Reasons[i])
		out.Labels[l] = one
		if i == 0 || one.MoreLabel == 0 && out.Abuse.MoreLabel == 0 && one.Probability > out.Abuse.Probability ||
			one.MoreLabel < out.Abuse.MoreLabel {
			out.Abuse = one
		}
	}
	return out, nil
}

// opinionFrom is the probability from which an opinion speaks for a label.
const opinionFrom = 0.5

// An Opinion is what another program thinks of a comment, as probabilities from 0 to 1. Labels has Spam and the
// Reasons. Abuse is abuse of any kind. Other is a refusal for a reason without a label.
type Opinion struct {
	Labels       map[classifier.Label]float64
	Abuse, Other float64
}

// Label returns the label that the opinion teaches: the most probable one from opinionFrom on. Abuse without a label is
// PersonalAttack, as in classifier.ParseLabel. If everything is below opinionFrom, it is Ham. It returns false if only
// Other speaks against the comment.
func (o Opinion) Label() (classifier.Label, bool) {
	best, top := classifier.Ham, 0.0
	for _, l := range []classifier.Label{
		classifier.HateSpeech, classifier.PersonalAttack, classifier.Obscenity, classifier.Spam,
	} {
		if p := o.Labels[l]; p >= opinionFrom && p > top {
			best, top = l, p
		}
	}
	if top == 0 && o.Abuse >= opinionFrom {
		best, top = classifier.PersonalAttack, o.Abuse
	}
	return best, top > 0 || o.Other < opinionFrom
}

// TeachOpinion teaches the label of an opinion, see Teach. An opinion without a label teaches nothing. It needs a
// moderator.
func (s *Service) TeachOpinion(ctx context.Context, who authz.Actor, site site.Site, in Request, o Opinion) error {
	label, ok := o.Label()
	if !ok {
		return who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide)
	}
	return s.Teach(ctx, who, site, in, label)
}
