package campaign

import (
	"context"
	"fmt"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// rescoreCampaign rescores a campaign's pending members after its other members were decided. A refusal that was
// undone suspects no member.
func (s *Service) rescoreCampaign(ctx context.Context, site site.Site, k Campaign) error {
	for at := 0; ; {
		var some []Member
		err := s.work.View(ctx, func(tx Tx) (err error) {
			some, err = tx.MembersOf(site.ID, k.ID, at, k.Joined, true, pageSize)
			return err
		})
		if err != nil {
			return fmt.Errorf("read members: %w", err)
		}
		if len(some) == 0 {
			break
		}
		if err := s.rescore(ctx, site, ids(some)); err != nil {
			return err
		}
		at = some[len(some)-1].Joined
	}
	return s.work.Update(ctx, func(tx Tx) error {
		now, err := tx.CampaignsByID(site.ID, []string{k.ID})
		if err != nil || len(now) == 0 {
			return err
		}
		now[0].Told = k.Bad()
		return tx.PutCampaigns(site.ID, now[0])
	})
}

// rescore stores the verdicts of pending comments in view of their campaigns. It retries comments that another
// process rescored at the same time.
func (s *Service) rescore(ctx context.Context, site site.Site, comments []string) (err error) {
	for range maxAttempts {
		if comments, err = s.rescoreOnce(ctx, site, comments); err != nil || len(comments) == 0 {
			return err
		}
	}
	return fmt.Errorf("rescore %d comments: other processes rescore them at the same time", len(comments))
}

const maxAttempts = 20

// rescoreOnce tries it once and returns the comments to retry.
func (s *Service) rescoreOnce(ctx context.Context, site site.Site, comments []string) (moved []string, err error) {
	if len(comments) == 0 {
		return nil, nil
	}
	var list []comment.Comment
	var known map[string]comment.History
	refused := map[string]int{}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if list, err = tx.CommentsByID(site.ID, comments); err != nil {
			return err
		}
		if known, err = tx.Records(site.ID, comment.WriterHashes(list)); err != nil {
			return err
		}
		of, err := campaignsOf(tx, site.ID, comments)
		for id, k := range of {
			if k.Bad() {
				refused[id] = k.Refused
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	found, err := s.rules.Find(ctx, site.ID, list...)
	if err != nil {
		return nil, err
	}
	verdicts := make([]comment.Verdict, len(list))
	for i, c := range list {
		f := c.Facts(known[string(c.Writer)], found[i])
		f.Alike = refused[c.ID]
		verdicts[i] = c.Verdict.WithRepeats(f, site.Settings.Threshold())
		if j := s.judge.Judge(ctx, c); j.OK {
			verdicts[i] = comment.VerdictOf(f, j, site.Settings.Threshold())
		}
	}
	now := s.work.Now()
	err = s.work.Update(ctx, func(tx Tx) error {
		moved = nil
		changed := false
		for i, c := range list {
			if c.State != comment.Pending {
				continue
			}
			set, err := tx.SetVerdict(c, verdicts[i])
			if err != nil {
				return fmt.Errorf("set verdict: %w", err)
			}
			if !set {
				moved = append(moved, c.ID)
			}
			changed = changed || set
		}
		if !changed {
			return nil
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rescored, At: now})
	})
	return moved, err
}

// campaignsOf returns the campaigns of comments by comment ID.
func campaignsOf(tx Tx, site int64, comments []string) (map[string]Campaign, error) {
	members, err := tx.Members(site, comments)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	var named []string
	for _, m := range members {
		if m.Campaign != "" {
			named = append(named, m.Campaign)
		}
	}
	found, err := tx.CampaignsByID(site, named)
	if err != nil {
		return nil, fmt.Errorf("read campaigns: %w", err)
	}
	byID := make(map[string]Campaign, len(found))
	for _, k := range found {
		byID[k.ID] = k
	}
	of := make(map[string]Campaign, len(members))
	for _, m := range members {
		if k, ok := byID[m.Campaign]; ok && k.Size() > 1 {
			of[m.Comment] = k
		}
	}
	return of, nil
}
