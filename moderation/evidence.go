package moderation

import (
	"cmp"
	"context"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/verdict"
)

// A LikelyReason is why a comment may well have to be refused, by today's model: a reason that
// is at least as probable as not, or that its verdict suggests. Evidence is what speaks for and
// against it, strongest first; a Weight's Spam counts the lessons of this reason.
type LikelyReason struct {
	Reason      decision.Reason
	Probability float64
	Evidence    []classifier.Weight
}

// evidence returns what speaks for spam and against it by today's model, strongest first, and
// the reasons that are likely, likeliest first, each with its own.
func (s *Service) evidence(ctx context.Context, c comment.Comment) (found []classifier.Weight, likely []LikelyReason) {
	defer s.survive(ctx, "evidence", c.ID, func() { found, likely = nil, nil })
	l, err := s.model(ctx, c.Site)
	if err != nil {
		s.log.WarnContext(ctx, "no evidence", "comment", c.ID, "error", err)
		return nil, nil
	}
	d := classifier.Read(c.Document())
	for i, p := range l.Model.Judge(d).Reasons {
		reason := verdict.Reasons[i]
		if c.Verdict.Likely(reason, p) {
			likely = append(likely, LikelyReason{reason, p, l.Model.EvidenceOf(d, classifier.HateSpeech+classifier.Label(i))})
		}
	}
	slices.SortStableFunc(likely, func(a, b LikelyReason) int { return cmp.Compare(b.Probability, a.Probability) })
	return l.Model.Evidence(d), likely
}

// explain adds the classifier's evidence as it is now. An author is shown no e-mail, nor what
// the classifier makes of one.
func (s *Service) explain(ctx context.Context, who people.Actor, site int64, list []Item) {
	for i := range list {
		item := &list[i]
		if who.Role(site) < people.Moderator {
			item.Comment.Email, item.Comment.Search = "", ""
			if item.Parent != nil {
				item.Parent.Email, item.Parent.Search = "", ""
			}
		}
		item.Evidence, item.Reasons = s.evidence(ctx, item.Comment)
	}
}
