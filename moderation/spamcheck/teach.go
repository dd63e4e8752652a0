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

// Teach appends a lesson to the log, whether the comment was checked before or not. The same label again teaches
// nothing; the other label replaces the earlier lesson. It needs a moderator.
func (s *Service) Teach(
	ctx context.Context, who authz.Actor, site site.Site, in Request, label classifier.Label,
) error {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return err
	}
	if in.Test {
		return nil
	}
	now := s.work.Now()
	c := s.draft(site, in, now)
	row := Row{Site: site.ID, Hash: s.contentHash(c), Print: campaign.PrintOf(c), Times: 1, Label: storedLabel(label), At: now}
	l := auditlog.Lesson{Lesson: classifier.Lesson{Label: label, Comment: c.Document()}, Salt: auditlog.NewSalt(),
		Of: txn.StableID("inquiry", hex.EncodeToString(row.Hash))}
	author := auditlog.NewAuthor(site, who.ID(), now)
	taught := false
	err := s.work.Update(ctx, func(tx Tx) error {
		b, err := author.Open(tx)
		if err != nil {
			return err
		}
		if taught, err = b.AppendSent(l); err != nil || !taught {
			return err
		}
		if err := tx.PutSpamCheck(row); err != nil {
			return fmt.Errorf("store the spam check: %w", err)
		}
		return b.Close()
	})
	if err != nil {
		return fmt.Errorf("teach: %w", err)
	}
	s.log.InfoContext(ctx, "lesson", "site", site.Key, "by", who.ID(), "label", label.String(), "new", taught)
	return nil
}
