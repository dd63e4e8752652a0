package learning

import (
	"context"
	"fmt"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// An Inspection describes a site's filter.
type Inspection struct {
	Warm      bool
	Lessons   [5]int // that count, by classifier.Label
	Entry     uint64 // seq of the last log entry that it includes
	Tokeniser int    // version of the tokeniser
	Tokens    int    // known tokens
	Memory    int    // approximate bytes
	Snapshot  int    // bytes of one
	Snapshots []uint64
	Spam, Ham []classifier.Weight // strongest tokens for each, strongest first
}

// Inspect returns what a site's filter has learned, with at most top tokens for spam and top for ham. It needs a
// moderator.
func (s *Models) Inspect(ctx context.Context, who authz.Actor, site site.Site, top int) (Inspection, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Inspection{}, err
	}
	l, err := s.catchUp(ctx, site.ID, allLessons)
	if err != nil {
		return Inspection{}, fmt.Errorf("inspect the model: %w", err)
	}
	lessons, _ := l.Model.LessonCounts()
	in := Inspection{
		Lessons: lessons, Entry: l.Seq, Tokeniser: classifier.TokeniserVersion,
		Tokens: l.Model.Tokens(), Memory: l.Model.Memory(), Snapshot: len(l.Model.Bytes()),
	}
	in.Warm = in.Lessons[classifier.Ham] > 0 && in.Lessons[classifier.Spam] > 0
	in.Spam, in.Ham = l.Model.Strongest(top)
	err = s.work.View(ctx, func(tx Tx) error {
		list, err := tx.Snapshots(site.ID)
		for _, snapshot := range list {
			in.Snapshots = append(in.Snapshots, snapshot.Seq)
		}
		return err
	})
	if err != nil {
		return Inspection{}, fmt.Errorf("list snapshots: %w", err)
	}
	return in, nil
}
