package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// gather creates the deliveries of events. reset means that events were missed: it skips them.
func (s *Service) gather(ctx context.Context, reset bool, events []event.Event) (func(Tx) error, error) {
	if reset {
		s.log.InfoContext(ctx, "webhooks: starting from the current event")
		return nil, nil
	}
	var fresh []Delivery
	err := s.work.View(ctx, func(tx Tx) error {
		fresh = nil
		all, err := tx.Webhooks(0)
		if err != nil || len(all) == 0 {
			return err
		}
		hooks := map[int64][]Endpoint{}
		for _, h := range all {
			hooks[h.Site] = append(hooks[h.Site], h)
		}
		for _, e := range events {
			if len(hooks[e.Site]) == 0 || e.Comment == "" {
				continue
			}
			kinds, seq, err := webhookEvents(tx, e)
			if err != nil {
				return err
			}
			for _, kind := range kinds {
				for _, h := range hooks[e.Site] {
					if slices.Contains(h.Events, kind) {
						fresh = append(fresh, Delivery{
							Site:    e.Site,
							Hook:    h.ID,
							Event:   kind,
							Comment: e.Comment,
							Seq:     seq,
							At:      e.At,
							DueAt:   e.At,
							ID:      txn.StableIDAt(e.At, "delivery", h.ID, strconv.FormatInt(e.ID, 10), kind),
						})
					}
				}
			}
		}
		return nil
	})
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	return func(tx Tx) error {
		if err := numberDeliveries(tx, fresh); err != nil {
			return fmt.Errorf("number deliveries: %w", err)
		}
		if err := tx.PutDeliveries(fresh...); err != nil {
			return fmt.Errorf("write deliveries: %w", err)
		}
		return nil
	}, nil
}

// numberDeliveries numbers the deliveries of each webhook consecutively. The webhook's row stays locked until the
// transaction ends.
func numberDeliveries(tx Tx, fresh []Delivery) error {
	next := map[string]*Endpoint{}
	for i := range fresh {
		d := &fresh[i]
		if next[d.Hook] == nil {
			h, err := tx.WebhookByID(d.Site, d.Hook)
			if err != nil {
				return err
			}
			next[d.Hook] = &h
		}
		next[d.Hook].Messages++
		d.Number = next[d.Hook].Messages
	}
	for _, h := range next {
		if err := tx.PutWebhook(*h); err != nil {
			return err
		}
	}
	return nil
}

// webhookEvents returns the webhook events of an event, and the entry of the audit log that it is about.
func webhookEvents(tx Tx, e event.Event) (kinds []string, seq uint64, err error) {
	switch e.Kind {
	case event.Arrived:
		if e.Shown {
			return []string{Arrived, Published}, 0, nil
		}
		return []string{Arrived}, 0, nil
	case event.Edited:
		if e.Shown { // it leaves the page and is pending again
			return []string{Removed, Arrived}, 0, nil
		}
	case event.Removed:
		return []string{Removed}, 0, nil
	case event.Takedown:
		d, err := tx.Takedown(e.Site, e.Comment)
		switch {
		case errors.Is(err, txn.ErrNotFound): // after a restore of the database
			return nil, 0, nil
		case d.Ended.Equal(e.At):
			return []string{Restored}, d.EndSeq, err
		}
		return []string{Added}, d.Seq, err
	case event.Decided:
		entries, err := tx.DecisionsOf(e.Site, e.Comment)
		for _, d := range entries {
			if d.Kind == auditlog.Decision && d.At.Equal(e.At) && d.From != d.To {
				kinds, seq = decisionEvents(d), d.Seq
			}
		}
		return kinds, seq, err
	}
	return nil, 0, nil
}

// decisionEvents returns the webhook events of a decision.
func decisionEvents(d auditlog.Entry) []string {
	switch {
	case d.To == comment.Approved:
		return []string{Published}
	case d.To.Refused():
		return []string{Refused}
	case d.From == comment.Approved:
		return []string{Removed}
	}
	return nil
}
