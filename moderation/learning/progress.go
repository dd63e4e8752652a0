package learning

import (
	"context"
	"errors"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// A TrainingProgress is how many examples of each kind a site's filter has learned on the site itself, and how many more
// it needs before it suspects comments by itself; 0 if it has enough.
type TrainingProgress struct{ Ham, Spam, MoreHam, MoreSpam int }

// TrainingProgress returns the progress of a site's filter. It needs an author. Without a model it returns the zero
// value and logs a warning.
func (s *Models) TrainingProgress(ctx context.Context, who authz.Actor, site site.Site) (TrainingProgress, error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return TrainingProgress{}, err
	}
	own, err := s.OwnLessons(ctx, site.ID)
	if err != nil {
		s.log.WarnContext(ctx, "training progress unavailable", "site", site.Key, "error", err)
		return TrainingProgress{}, nil
	}
	ham, spam := own[classifier.Ham], own[classifier.Spam]
	return TrainingProgress{
		Ham: ham, Spam: spam, MoreHam: max(0, classifier.YoungBelow-ham), MoreSpam: max(0, classifier.YoungBelow-spam),
	}, nil
}

// OwnLessons returns the number of lessons of each label, indexed by classifier.Label, without copied ones. Package
// spamcheck calls it. If the model is still being folded, it returns busy.
func (s *Models) OwnLessons(ctx context.Context, site int64) (own [5]int, err error) {
	l, err := s.model(ctx, site)
	if errors.Is(err, errLoading) {
		return own, problem.TryAgain(err)
	}
	if err != nil {
		return own, err
	}
	taught, copied := l.Model.LessonCounts()
	for i := range own {
		own[i] = taught[i] - copied[i]
	}
	return own, nil
}
