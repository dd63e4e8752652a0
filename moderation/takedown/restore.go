package takedown

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Restore ends a takedown. Its comments are public again unless another active takedown withholds them. The reason why
// is public. It needs an owner.
func (s *Service) Restore(ctx context.Context, who authz.Actor, site site.Site, id, why string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	why, err := line(why, "/why", true)
	if err != nil {
		return problem.Field("/why", fmt.Sprintf("Enter a reason in one line, up to %d characters.", maxLine))
	}
	if err := s.end(ctx, site, id, who.ID(), why); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	s.work.Logger().InfoContext(ctx, "restored", "site", site.Key, "demand", id, "by", who.ID())
	return nil
}

// end ends a takedown. by is the account ID; why is "" if the takedown expired.
func (s *Service) end(ctx context.Context, site site.Site, id, by, why string) error {
	pen := auditlog.NewAuthor(site, by, s.work.Now())
	return s.work.Update(ctx, func(tx Tx) error {
		b, err := pen.Open(tx)
		if err != nil {
			return err
		}
		d, err := find(tx, site.ID, id)
		if err != nil {
			return err
		}
		if d.Status() != Active {
			return problem.Field("/why", "This legal request has already ended.")
		}
		d.Ended, d.EndedBy, d.Why = pen.At, by, why
		said, err := d.ended()
		if err != nil {
			return err
		}
		d.EndSeq = b.Append(auditlog.Entry{Kind: auditlog.Restoration, Teaching: auditlog.Teaching{Subject: said}}).Seq
		if err := tx.EndTakedown(d); err != nil {
			return fmt.Errorf("end takedown: %w", err)
		}
		comments, err := tx.TakedownComments(site.ID, []string{id})
		if err != nil {
			return fmt.Errorf("read what was withheld: %w", err)
		}
		if err := d.updateNotices(tx, b, comments[id]); err != nil {
			return err
		}
		return b.Close()
	})
}

func find(tx Tx, site int64, id string) (d Takedown, err error) {
	unknown := problem.Missing("takedown.unknown", "There is no such demand on this site.")
	if !txn.IsID(id) {
		return d, unknown
	}
	d, err = tx.Takedown(site, id)
	if errors.Is(err, txn.ErrNotFound) {
		return d, unknown
	}
	return d, err
}

// Run ends expired takedowns until ctx ends. Then it returns nil.
func (s *Service) Run(ctx context.Context) error {
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	for {
		if err := s.endExpired(ctx); err != nil && ctx.Err() == nil {
			s.work.Logger().WarnContext(ctx, "expired takedowns not ended", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// endExpired ends up to batchSize expired takedowns. Several processes may run it at once; each skips takedowns that
// another ended.
func (s *Service) endExpired(ctx context.Context) error {
	var over []Takedown
	err := s.work.View(ctx, func(tx Tx) (err error) {
		over, err = tx.LapsedTakedowns(s.work.Now(), batchSize)
		return err
	})
	if err != nil {
		return fmt.Errorf("find expired takedowns: %w", err)
	}
	for _, d := range over {
		site, known, err := s.work.SiteByID(ctx, d.Site)
		if err == nil && known {
			err = s.end(ctx, site, d.ID, authz.Operator.ID(), "")
		}
		if e, told := errors.AsType[*problem.Error](err); told && e.Kind == problem.Invalid {
			continue // another process ended it
		}
		if err != nil {
			return fmt.Errorf("end takedown: %w", err)
		}
	}
	return nil
}
