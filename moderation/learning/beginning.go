package learning

import (
	"context"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// A Beginning is what a site's filter was taught of each kind, and how much more it needs before it
// suspects anything by itself; zero where it needs no more.
type Beginning struct{ Ham, Spam, MoreHam, MoreSpam int }

// Beginning says how far a site's filter has come. It needs an author. Where the model cannot be had it is
// the zero value: nothing is known to be missing, and who asks can do without.
func (s *Models) Beginning(ctx context.Context, who authz.Actor, site site.Site) (Beginning, error) {
	if err := who.May(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return Beginning{}, err
	}
	l, err := s.model(ctx, site.ID)
	if err != nil {
		s.log.WarnContext(ctx, "not known what was taught", "site", site.Key, "error", err)
		return Beginning{}, nil
	}
	taught := l.Model.Taught()
	ham, spam := taught[classifier.Ham], taught[classifier.Spam]
	return Beginning{
		Ham: ham, Spam: spam, MoreHam: max(0, classifier.Grown-ham), MoreSpam: max(0, classifier.Grown-spam),
	}, nil
}
