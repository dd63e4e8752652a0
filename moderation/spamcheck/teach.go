package spamcheck

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Teach has the filter learn what became of an inquiry, whether it was asked before or not: one entry of the log. The
// same again teaches nothing; the same with the other label takes the place of what was taught before. It needs a
// moderator.
func (s *Service) Teach(
	ctx context.Context, who authz.Actor, site site.Site, in Asked, label classifier.Label,
) error {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return err
	}
	if in.Trial {
		return nil
	}
	now := s.work.Now()
	c := s.draft(site, in, now)
	row := Row{Site: site.ID, Hash: s.hash(c), Print: campaign.PrintOf(c), Times: 1, Label: labelled(label), At: now}
	l := auditlog.Lesson{Lesson: classifier.Lesson{Label: label, Comment: c.Document()}, Salt: auditlog.NewSalt(),
		Of: txn.IDOf("inquiry", hex.EncodeToString(row.Hash))}
	pen := auditlog.NewPen(site, who.ID(), now)
	taught := false
	err := s.work.Update(ctx, func(tx Tx) error {
		b, err := pen.Open(tx)
		if err != nil {
			return err
		}
		if taught, err = b.PutSent(l); err != nil || !taught {
			return err
		}
		if err := tx.PutInquiry(row); err != nil {
			return fmt.Errorf("keep the inquiry: %w", err)
		}
		return b.Close()
	})
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	s.log.InfoContext(ctx, "lesson", "site", site.Key, "by", who.ID(), "label", label.String(), "new", taught)
	return nil
}
