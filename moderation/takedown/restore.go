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

// Restore ends a demand: what it withheld is shown again, unless another demand stands against it. Why is told in
// public. It needs an owner.
func (s *Service) Restore(ctx context.Context, who authz.Actor, site site.Site, id, why string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	why, err := line(why, "/why", "why this is shown again", true)
	if err != nil {
		return err
	}
	if err := s.end(ctx, site, id, who.ID(), why); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	s.work.Logger().InfoContext(ctx, "restored", "site", site.Key, "demand", id, "by", who.ID())
	return nil
}

// end ends a demand.
func (s *Service) end(ctx context.Context, site site.Site, id, by, why string) error {
	pen := auditlog.NewPen(site, by, s.work.Now())
	return s.work.Update(ctx, func(tx Tx) error {
		b, err := pen.Open(tx)
		if err != nil {
			return err
		}
		d, err := takedown(tx, site.ID, id)
		if err != nil {
			return err
		}
		if d.Status() != Standing {
			return problem.Field("/why", "This demand does not stand any more: what it withheld is shown again.")
		}
		d.Ended, d.EndedBy, d.Why = pen.At, by, why
		said, err := d.ended()
		if err != nil {
			return err
		}
		d.EndSeq = b.Put(auditlog.Entry{Kind: auditlog.Restoration, Teaching: auditlog.Teaching{Subject: said}}).Seq
		if err := tx.EndTakedown(d); err != nil {
			return fmt.Errorf("end takedown: %w", err)
		}
		comments, err := tx.TakenDown(site.ID, []string{id})
		if err != nil {
			return fmt.Errorf("read what was withheld: %w", err)
		}
		if err := d.show(tx, b, comments[id]); err != nil {
			return err
		}
		return b.Close()
	})
}

func takedown(tx Tx, site int64, id string) (d Demand, err error) {
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

// Run ends the demands whose time is over, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if err := s.lapse(ctx); err != nil && ctx.Err() == nil {
			s.work.Logger().WarnContext(ctx, "demands not ended", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// lapse ends demands whose time is over. Several processes may do so at once: whoever comes second finds it done.
func (s *Service) lapse(ctx context.Context) error {
	var over []Demand
	err := s.work.View(ctx, func(tx Tx) (err error) {
		over, err = tx.LapsedTakedowns(s.work.Now(), lapseMost)
		return err
	})
	if err != nil {
		return fmt.Errorf("find demands: %w", err)
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
			return fmt.Errorf("end a demand: %w", err)
		}
	}
	return nil
}
