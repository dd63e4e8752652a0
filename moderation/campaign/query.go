package campaign

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// spreadSample is how many of a campaign's newest members Spread counts.
const spreadSample = 200

// A Summary is a campaign, its spread, and the score of its sample.
type Summary struct {
	Campaign
	Spread
	Score float64
}

// CampaignsOf returns the campaigns of comments. The caller must be allowed to see the comments.
func (s *Service) CampaignsOf(ctx context.Context, comments []site.Ref) (of map[site.Ref]Summary, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		members, err := tx.InCampaigns(comments)
		if err != nil {
			return fmt.Errorf("find members: %w", err)
		}
		bySite := map[int64][]string{}
		for _, ref := range members {
			bySite[ref.Site] = append(bySite[ref.Site], ref.ID)
		}
		of = make(map[site.Ref]Summary, len(members))
		for blog, ids := range bySite {
			found, err := campaignsOf(tx, blog, ids)
			if err != nil {
				return err
			}
			all := map[string]Summary{}
			for comment, k := range found {
				one, known := all[k.ID]
				if !known {
					if one, err = summarize(tx, blog, k); err != nil {
						return err
					}
					all[k.ID] = one
				}
				of[site.Ref{Site: blog, ID: comment}] = one
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read campaigns: %w", err)
	}
	return of, nil
}

// summarize returns a campaign with its spread. If the stored sample was decided and the follower has not processed
// that yet, the sample is another pending member, and Waiting is 0 if none of the next ones is pending.
func summarize(tx Tx, site int64, k Campaign) (Summary, error) {
	spread, err := tx.Spread(site, k.ID, spreadSample)
	if err != nil || k.Waiting == 0 {
		return Summary{Campaign: k, Spread: spread}, err
	}
	list, err := tx.CommentsByID(site, []string{k.Sample})
	if err != nil {
		return Summary{}, fmt.Errorf("read a campaign's sample: %w", err)
	}
	if len(list) == 0 || list[0].State != comment.Pending {
		members, err := tx.MembersOf(site, k.ID, 0, k.Joined, true, maxIndexed)
		if err != nil {
			return Summary{}, fmt.Errorf("read a campaign's pending members: %w", err)
		}
		if list, err = tx.CommentsByID(site, ids(members)); err != nil {
			return Summary{}, fmt.Errorf("read a campaign's pending members: %w", err)
		}
		list = slices.DeleteFunc(list, func(c comment.Comment) bool { return c.State != comment.Pending })
		slices.SortFunc(list, func(a, b comment.Comment) int { return strings.Compare(a.ID, b.ID) })
	}
	if len(list) == 0 {
		k.Waiting = 0
		return Summary{Campaign: k, Spread: spread}, nil
	}
	k.Sample = list[0].ID
	return Summary{k, spread, list[0].Verdict.Score}, nil
}

// RefusedDuplicates returns the number of refused near-duplicates of a new comment, and 0 unless more were refused
// than approved. It may miss refusals of the last second. It stores nothing: the follower adds the comment once it is
// stored.
func (s *Service) RefusedDuplicates(ctx context.Context, c comment.Comment) (refused int, err error) {
	p := s.prints.Of(c)
	if !p.longEnough() {
		return 0, nil
	}
	if err := s.refreshIndex(ctx, c.Site); err != nil {
		return 0, err
	}
	if len(s.index.candidates(p, math.MaxInt64, c.Site)) == 0 {
		return 0, nil
	}
	err = s.work.ViewUnisolated(ctx, func(tx Tx) error {
		among, err := s.nearTo(tx, c.Site, math.MaxInt64, p)
		if err != nil {
			return err
		}
		near := nearest(p, among[0])
		switch {
		case near == nil:
			return nil
		case near.Campaign == "":
			k := Campaign{}
			k.count(near.State, 1)
			refused = k.Refused
			return nil
		}
		found, err := tx.CampaignsByID(c.Site, []string{near.Campaign})
		if len(found) > 0 && found[0].Bad() {
			refused = found[0].Refused
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find near-duplicates: %w", err)
	}
	return refused, nil
}

// PendingMembers returns up to most pending members of a campaign that joined up to the number upTo, without those in
// except, and how many more there are. It skips members that were edited since they joined. It also reads events that
// the follower has not processed, so that decisions undone a moment ago count as pending.
func (s *Service) PendingMembers(
	ctx context.Context, site int64, id string, upTo int, except []string, most int,
) (list []comment.Comment, remaining int, err error) {
	events, err := s.work.PendingEvents(ctx, follower)
	if err != nil {
		return nil, 0, err
	}
	var changed []string
	for _, e := range events {
		if e.Site == site && e.Comment != "" {
			changed = append(changed, e.Comment)
		}
	}
	slices.Sort(changed)
	changed = slices.Compact(changed)
	err = s.work.View(ctx, func(tx Tx) error {
		k, err := campaignByID(tx, site, id)
		if err != nil {
			return err
		}
		members, err := tx.MembersOf(site, id, 0, upTo, true, most+len(except)+1)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(changed, batchSize) {
			found, err := tx.Members(site, some)
			if err != nil {
				return err
			}
			for _, m := range found {
				if m.Campaign == id && m.Joined <= upTo && m.State != comment.Pending {
					members = append(members, m) // was decided when the follower last processed it
				}
			}
		}
		members = slices.DeleteFunc(members, func(m Member) bool { return slices.Contains(except, m.Comment) })
		if len(members) > most {
			members, remaining = members[:most], max(1, k.Waiting-most-len(except))
		}
		edited := make(map[string]time.Time, len(members))
		for _, m := range members {
			edited[m.Comment] = m.EditedAt
		}
		list, err = tx.CommentsByID(site, ids(members))
		list = slices.DeleteFunc(list, func(c comment.Comment) bool {
			return c.State != comment.Pending || !c.TextChangedAt().Equal(edited[c.ID])
		})
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read a campaign's members: %w", err)
	}
	return list, remaining, nil
}

// A Page is a page of campaigns. Next is the cursor of the next page, or "".
type Page struct {
	Campaigns []Summary
	Next      string
}

// Campaigns returns a site's campaigns, the one with the latest copy first. It needs an author.
func (s *Service) Campaigns(
	ctx context.Context, who authz.Actor, site site.Site, limit int, after string,
) (out Page, err error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return out, err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return out, err
	}
	var from *Campaign
	if after != "" {
		if from = decodeCursor(after); from == nil {
			return out, problem.Cursor()
		}
	}
	err = s.work.View(ctx, func(tx Tx) error {
		list, err := tx.CampaignsBefore(site.ID, from, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			out.Next = encodeCursor(list[limit-1])
		}
		for _, k := range list {
			spread, err := tx.Spread(site.ID, k.ID, spreadSample)
			if err != nil {
				return err
			}
			out.Campaigns = append(out.Campaigns, Summary{Campaign: k, Spread: spread})
		}
		return nil
	})
	if err != nil {
		return Page{}, fmt.Errorf("read campaigns: %w", err)
	}
	return out, nil
}

// Members returns a campaign and the IDs of its comments in the order in which they joined. It needs an author.
func (s *Service) Members(
	ctx context.Context, who authz.Actor, site site.Site, id string, limit int, after string,
) (k Summary, comments []string, next string, err error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return k, nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return k, nil, "", err
	}
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil || from < 1 {
			return k, nil, "", problem.Cursor()
		}
	}
	err = s.work.View(ctx, func(tx Tx) error {
		found, err := campaignByID(tx, site.ID, id)
		if err != nil {
			return err
		}
		k.Campaign = found
		if k.Spread, err = tx.Spread(site.ID, id, spreadSample); err != nil {
			return err
		}
		members, err := tx.MembersOf(site.ID, id, from, k.Joined, false, limit+1)
		if err != nil {
			return err
		}
		if len(members) > limit {
			members = members[:limit]
			next = strconv.Itoa(members[limit-1].Joined)
		}
		for _, m := range members {
			comments = append(comments, m.Comment)
		}
		return nil
	})
	if err != nil {
		return Summary{}, nil, "", fmt.Errorf("read a campaign: %w", err)
	}
	return k, comments, next, nil
}

// Split removes comments from their campaign. They stay apart, also from each other, until they are edited. Split
// returns the comments that were in the campaign. It needs a moderator.
func (s *Service) Split(
	ctx context.Context, who authz.Actor, site site.Site, id string, comments []string,
) (apart []string, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return nil, err
	}
	if n := len(comments); n == 0 || n > maxSplit {
		return nil, problem.Field("/comments", fmt.Sprintf("Name the comments to split off, at most %d.", maxSplit))
	}
	comments = slices.Compact(slices.Sorted(slices.Values(comments)))
	comments = slices.DeleteFunc(comments, func(c string) bool { return !txn.IsID(c) })
	now := s.work.Now()
	var r *changeset
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		apart = nil
		r, err = openChangeset(tx, site.ID, comments, nil)
		if err != nil {
			return err
		}
		if _, err := campaignByID(tx, site.ID, id); err != nil {
			return err
		}
		for _, c := range comments {
			m, known := r.members[c]
			if !known || m.Campaign != id {
				continue
			}
			if err := r.split(m); err != nil {
				return err
			}
			apart = append(apart, c)
		}
		for _, c := range apart { // the follower rescores it without the campaign
			err := tx.Emit(event.Event{Site: site.ID, Kind: event.Rescored, Comment: c, At: now})
			if err != nil {
				return err
			}
		}
		return r.close()
	})
	if err != nil {
		return nil, fmt.Errorf("split a campaign: %w", err)
	}
	s.index.apply(r)
	return apart, nil
}

// Rejoin undoes a split: the comments join whatever is nearest now, as new comments do. It returns the comments that
// were apart. It needs a moderator.
func (s *Service) Rejoin(
	ctx context.Context, who authz.Actor, site site.Site, comments []string,
) (joined []string, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return nil, err
	}
	if n := len(comments); n == 0 || n > maxSplit {
		return nil, problem.Field("/comments", fmt.Sprintf("Name the comments to rejoin, at most %d.", maxSplit))
	}
	comments = slices.Compact(slices.Sorted(slices.Values(comments)))
	comments = slices.DeleteFunc(comments, func(c string) bool { return !txn.IsID(c) })
	now := s.work.Now()
	fresh := make([]string, len(comments))
	for i := range fresh {
		fresh[i] = txn.NewID()
	}
	if err := s.refreshIndex(ctx, site.ID); err != nil {
		return nil, err
	}
	var r *changeset
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		joined = nil
		r, err = openChangeset(tx, site.ID, comments, func() string { return fresh[len(joined)] })
		if err != nil {
			return err
		}
		r.nearTo = s.nearToNow(tx, site.ID, r.startNumber, now)
		found, err := tx.CommentsByID(site.ID, comments)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		if len(found) == 0 {
			return problem.Missing("comment.unknown", "There is no such comment.")
		}
		for _, c := range found {
			m, known := r.members[c.ID]
			if !known || !m.Apart {
				continue
			}
			if err := r.rejoin(m, c, now); err != nil {
				return err
			}
			joined = append(joined, c.ID)
			err := tx.Emit(event.Event{Site: site.ID, Kind: event.Rescored, Comment: c.ID, At: now})
			if err != nil {
				return err
			}
		}
		return r.close()
	})
	if err != nil {
		return nil, fmt.Errorf("undo a split: %w", err)
	}
	s.index.apply(r)
	return joined, nil
}

const maxSplit = 1_000

// campaignByID reads a campaign. The ID comes from a request and may be malformed.
func campaignByID(tx Tx, site int64, id string) (Campaign, error) {
	unknown := problem.Missing("campaign.unknown", "There is no such campaign.")
	if !txn.IsID(id) {
		return Campaign{}, unknown
	}
	found, err := tx.CampaignsByID(site, []string{id})
	if err != nil {
		return Campaign{}, fmt.Errorf("read a campaign: %w", err)
	}
	if len(found) == 0 {
		return Campaign{}, unknown
	}
	return found[0], nil
}

// encodeCursor encodes the time of a campaign's latest copy, in microseconds, and its ID.
func encodeCursor(k Campaign) string {
	return strconv.FormatInt(k.LastSeen.UnixMicro(), 36) + "." + k.ID
}

func decodeCursor(text string) *Campaign {
	at, id, _ := strings.Cut(text, ".")
	micros, err := strconv.ParseInt(at, 36, 64)
	if err != nil || !txn.IsID(id) {
		return nil
	}
	return &Campaign{ID: id, LastSeen: time.UnixMicro(micros).UTC()}
}
