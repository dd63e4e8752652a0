package takedown

import (
	"context"
	"fmt"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// A ListItem is a takedown for owners, with its comment IDs or the URL of its page, and the names of the accounts that
// entered and ended it.
type ListItem struct {
	Takedown
	Comments                   []string
	URL                        string
	EnteredByName, EndedByName string
}

// ListTakedowns returns a page of a site's takedowns, newest first. after is the next of the previous page; next is "" on
// the last page. It needs an owner.
func (s *Service) ListTakedowns(
	ctx context.Context, who authz.Actor, site site.Site, after string, limit int,
) (list []ListItem, next string, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return nil, "", err
	}
	before, err := auditlog.ParseCursor(after)
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
		list, err = listItems(tx, site.ID, demands)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list takedowns: %w", err)
	}
	return list, next, nil
}

// listItems adds comments, URLs and account names to takedowns.
func listItems(tx Tx, site int64, demands []Takedown) ([]ListItem, error) {
	var ids, pages, accounts []string
	for _, d := range demands {
		ids, accounts = append(ids, d.ID), append(accounts, d.Account, d.EndedBy)
		if d.Page != "" {
			pages = append(pages, d.Page)
		}
	}
	comments, err := tx.TakedownComments(site, ids)
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
	list := make([]ListItem, len(demands))
	for i, d := range demands {
		list[i] = ListItem{d, comments[d.ID], urls[d.Page], names[d.Account], names[d.EndedBy]}
	}
	return list, nil
}
