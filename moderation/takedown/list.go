package takedown

import (
	"context"
	"fmt"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// A Listed is a demand as owners see it: with the comments that it is about, or the address of its page, and the
// names of who entered and ended it.
type Listed struct {
	Demand
	Comments       []string
	URL            string
	Entered, Ender string
}

// Demands returns a part of a site's register, newest first, after the place where another ended, and where it ends;
// "": there is no more. It needs an owner.
func (s *Service) Demands(
	ctx context.Context, who authz.Actor, site site.Site, after string, limit int,
) (list []Listed, next string, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return nil, "", err
	}
	before, err := auditlog.Place(after)
	if err != nil {
		return nil, "", err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		demands, err := tx.Takedowns(site.ID, before, limit+1)
		if err != nil {
			return err
		}
		if len(demands) > limit {
			demands = demands[:limit]
			next = auditlog.Cursor(demands[limit-1].Seq)
		}
		list, err = listed(tx, site.ID, demands)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list demands: %w", err)
	}
	return list, next, nil
}

// listed puts to demands what they are about and who entered them.
func listed(tx Tx, site int64, demands []Demand) ([]Listed, error) {
	var ids, pages, accounts []string
	for _, d := range demands {
		ids, accounts = append(ids, d.ID), append(accounts, d.Account, d.EndedBy)
		if d.Page != "" {
			pages = append(pages, d.Page)
		}
	}
	comments, err := tx.TakenDown(site, ids)
	if err != nil {
		return nil, err
	}
	found, err := tx.PagesByID(site, pages)
	if err != nil {
		return nil, err
	}
	urls := make(map[string]string, len(found))
	for _, p := range found {
		urls[p.ID] = p.URL
	}
	names, err := auditlog.Names(tx, accounts...)
	if err != nil {
		return nil, err
	}
	list := make([]Listed, len(demands))
	for i, d := range demands {
		list[i] = Listed{d, comments[d.ID], urls[d.Page], names[d.Account], names[d.EndedBy]}
	}
	return list, nil
}
