// Package sites lets owners manage sites, their settings and their pages.
package sites

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx
	evaluation.Log
	StatsTx
	SiteByKey(key string) (site.Site, error) // ErrNotFound
	// InsertSite stores a site and its empty log head, and sets its ID. It returns ErrTaken if the key is used.
	InsertSite(s *site.Site) error
	UpdateSite(s site.Site) error   // stores name, origins and settings
	EndEditTokens(site int64) error // increments the epoch; ErrNotFound
	DeleteSite(id int64) error      // with all of its data

	PagesByID(site int64, ids []string) ([]site.Page, error) // in any order, without unknown IDs
	// UpdatePage stores a page's title and its author, URL and open flag. It returns ErrTaken if another page has the
	// URL.
	UpdatePage(p site.Page) error
	Pages(site int64, after string, limit int) ([]site.Page, error) // newest first, after a page ID
	// CountByPage counts comments in a state by page ID. It counts approved comments only if they are not withheld.
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)

	Tokens(account string) ([]authz.Token, error) // "" for all
	UpdateToken(t authz.Token) error              // stores name, sites and scope
	DeleteToken(id string) error
}

// Service manages sites. It is safe for concurrent use.
type Service struct {
	work      txn.Work[Tx]
	checkHost func(ctx context.Context, host string) error // nil allows any host
}

// New returns a Service. may returns an error for a host that settings must not contain. If it is nil, all hosts are
// allowed.
func New(p *txn.Process, s txn.Store[Tx], may func(ctx context.Context, host string) error) *Service {
	return &Service{work: txn.NewWork(p, s), checkHost: may}
}

// AddSite adds a site. Its key has 1 to 40 characters from a-z, 0-9 and "-". It needs an owner of all sites. again
// reports that the request with this idempotency key was answered before.
func (s *Service) AddSite(
	ctx context.Context, who authz.Actor, blog site.Site, key *txn.IdempotencyKey,
) (added site.Site, again bool, err error) {
	if err := who.AuthorizeGlobal(authz.Owner, authz.ScopeAdmin); err != nil {
		return site.Site{}, false, err
	}
	made, err := site.New(blog.Key, blog.Name, blog.Origins, s.work.Now())
	if err != nil {
		return site.Site{}, false, err
	}
	added, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (site.Site, error) {
		kept := made // the function may run again
		if err := tx.InsertSite(&kept); err != nil {
			return site.Site{}, err
		}
		return kept, tx.Emit(event.Event{Site: kept.ID, Kind: event.Site, At: kept.CreatedAt})
	})
	if errors.Is(err, txn.ErrTaken) {
		return site.Site{}, false, problem.Field("/key", "There is a site with this key already.")
	}
	if err != nil {
		return site.Site{}, false, fmt.Errorf("add site: %w", err)
	}
	return added, again, nil
}

// SetSite changes settings of a site by their names in site.Fields. It needs an owner. Moderation suspicious also
// needs enough training data.
func (s *Service) SetSite(
	ctx context.Context, who authz.Actor, key string, settings map[string]string,
) (site.Site, error) {
	if u, err := url.Parse(settings["checker"]); s.checkHost != nil && err == nil && u.Host != "" {
		if err := s.work.CheckOwner(ctx, who, key); err != nil {
			return site.Site{}, err
		}
		if err := s.checkHost(ctx, u.Hostname()); err != nil {
			return site.Site{}, problem.PrivateAddress("/checker", "checker", err)
		}
	}
	return s.update(ctx, who, key, func(tx Tx, blog *site.Site) error {
		before := blog.Settings
		if err := blog.Change(settings); err != nil {
			return err
		}
		if address := blog.Settings.Checker; address != "" && address != before.Checker {
			if err := who.AuthorizeCredentials(); err != nil {
				return err // the checker gets its key, and comments even after the token ends
			}
		}
		if blog.Settings.Moderation == site.PolicySuspicious && before.Moderation != site.PolicySuspicious {
			return checkEnoughTraining(tx, *blog)
		}
		return nil
	})
}

// AllowOrigin adds an origin to a site unless the site has it. It needs an owner.
func (s *Service) AllowOrigin(ctx context.Context, who authz.Actor, key, origin string) (site.Site, error) {
	return s.update(ctx, who, key, func(_ Tx, site *site.Site) error { return site.Allow(origin) })
}

// update changes a site in a transaction. It needs an owner.
func (s *Service) update(
	ctx context.Context, who authz.Actor, key string, change func(Tx, *site.Site) error,
) (blog site.Site, err error) {
	if err := s.work.CheckOwner(ctx, who, key); err != nil {
		return site.Site{}, err
	}
	at := s.work.Now()
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		if blog, err = tx.SiteByKey(key); err != nil {
			return err
		}
		checker := blog.Settings.CheckerName()
		if err := change(tx, &blog); err != nil {
			return err
		}
		if err := tx.UpdateSite(blog); err != nil {
			return err
		}
		if err := tx.Emit(event.Event{Site: blog.ID, Kind: event.Site, At: at}); err != nil {
			return err
		}
		if blog.Settings.CheckerName() == checker {
			return nil
		}
		// Another checker: listeners rescore pending comments without the old checker's verdict. They must see the
		// site event first.
		return tx.Emit(event.Event{Site: blog.ID, Kind: event.Rules, At: at})
	})
	if errors.Is(err, txn.ErrNotFound) {
		return site.Site{}, authz.NoSite()
	}
	if err != nil {
		return site.Site{}, fmt.Errorf("set site: %w", err)
	}
	return blog, nil
}

// EndEditTokens revokes all edit tokens of a site's comments. It needs an owner. again reports that the request with
// this idempotency key was answered before.
func (s *Service) EndEditTokens(
	ctx context.Context, who authz.Actor, site site.Site, key *txn.IdempotencyKey,
) (again bool, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return false, err
	}
	at := s.work.Now()
	_, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (struct{}, error) {
		if err := tx.EndEditTokens(site.ID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.Emit(event.Event{Site: site.ID, Kind: event.Site, At: at})
	})
	if errors.Is(err, txn.ErrNotFound) {
		return false, authz.NoSite()
	}
	if err != nil {
		return false, fmt.Errorf("end edit tokens: %w", err)
	}
	if !again {
		s.work.Logger().InfoContext(ctx, "edit tokens ended", "site", site.Key, "by", who.ID())
	}
	return again, nil
}

// RemoveSite removes a site with all of its data. It needs an owner.
func (s *Service) RemoveSite(ctx context.Context, who authz.Actor, key string) error {
	if err := s.work.CheckOwner(ctx, who, key); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		site, err := tx.SiteByKey(key)
		if err != nil {
			return err
		}
		if err := unbindTokens(tx, site.ID); err != nil {
			return err
		}
		if err := tx.DeleteSite(site.ID); err != nil {
			return err
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Site, At: at})
	})
	if errors.Is(err, txn.ErrNotFound) {
		return authz.NoSite()
	}
	if err != nil {
		return fmt.Errorf("remove site: %w", err)
	}
	return nil
}

// unbindTokens removes a site from the tokens bound to it. It deletes a token that is bound to no other site, because
// an unbound token reaches all of its account's sites.
func unbindTokens(tx Tx, site int64) error {
	tokens, err := tx.Tokens("")
	if err != nil {
		return err
	}
	for _, t := range tokens {
		i := slices.Index(t.Sites, site)
		switch {
		case i < 0:
			continue
		case len(t.Sites) == 1:
			// It may be deleted already, as the child of another bound token.
			if err = tx.DeleteToken(t.ID); errors.Is(err, txn.ErrNotFound) {
				err = nil
			}
		default:
			t.Sites = slices.Delete(t.Sites, i, i+1)
			err = tx.UpdateToken(t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
