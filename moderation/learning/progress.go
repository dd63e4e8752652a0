package learning

import (
	"context"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
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
	l, err := s.model(ctx, site.ID)
	if err != nil {
		s.log.WarnContext(ctx, "training progress unavailable", "site", site.Key, "error", err)
		return TrainingProgress{}, nil
	}
	taught, copied := l.Model.LessonCounts()
	ham, spam := taught[classifier.Ham]-copied[classifier.Ham], taught[classifier.Spam]-copied[classifier.Spam]
	return TrainingProgress{
		Ham: ham, Spam: spam, MoreHam: max(0, classifier.YoungBelow-ham), MoreSpam: max(0, classifier.YoungBelow-spam),
	}, nil
}
