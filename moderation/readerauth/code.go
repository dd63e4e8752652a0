package readerauth

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// maxTries are how many wrong codes somebody may type.
const maxTries = 5

// A MailedCode is one that was mailed: of which letter, when, and how often another one was typed.
type MailedCode struct {
	Letter string
	Tries  int
	At     time.Time
}

// AskCode has a code mailed to an address, by which whoever reads its mail shows who they are. It takes the place of
// one that was mailed before. An address that got too many today gets none, and nobody is told.
func (s *Service) AskCode(ctx context.Context, site site.Site, email, lang string) error {
	to, err := mailable(email)
	if err != nil {
		return err
	}
	now := s.work.Now()
	l := mailbox.Letter{
		Site:      site.ID,
		ID:        txn.NewID(),
		Kind:      mailbox.Code,
		Box:       mailbox.Box(s.secret, to),
		To:        to,
		Lang:      lang,
		CreatedAt: now,
		DueAt:     now,
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		posted, err := mailbox.Post(tx, s.secret, l)
		if err != nil || !posted {
			return err
		}
		return tx.PutMailedCode(site.ID, l.Box, MailedCode{Letter: l.ID, At: now})
	})
	if err != nil {
		return fmt.Errorf("mail a code: %w", err)
	}
	return nil
}

// mailable parses a typed address. It returns field.invalid if no mail can be sent to it.
func mailable(email string) (text.Address, error) {
	a, ok := text.ParseAddress(email)
	if !ok {
		return text.Address{}, problem.Field("/email", "This does not look like an e-mail address.")
	}
	return a, nil
}

// AdmitCode gives an identity for the code that was mailed to an address, with a name to be shown, or "": a code is
// good once. identity.refused for any other code, for one that is too old, and after five wrong ones.
func (s *Service) AdmitCode(ctx context.Context, site site.Site, email, code, name string) (Given, error) {
	proved, err := mailable(email)
	if err != nil {
		return Given{}, err
	}
	if name, err = s.mayBeCalled(ctx, site, name); err != nil {
		return Given{}, err
	}
	now := s.work.Now()
	c := claim{
		Subject: mailbox.Subject(s.secret, site.ID, proved), Mailed: true,
		Name: name, Email: proved.Readable(), At: now.UnixMicro(), Ends: now.Add(life).UnixMicro(),
	}
	box, right := mailbox.Box(s.secret, proved), false
	err = s.work.Update(ctx, func(tx Tx) error {
		right = false
		mailed, err := tx.MailedCode(site.ID, box)
		if errors.Is(err, txn.ErrNotFound) || err == nil && (mailed.Tries >= maxTries || mailed.over(now)) {
			return nil
		}
		if err != nil {
			return err
		}
		if right = mailbox.IsCode(s.secret, mailed.Letter, code); !right {
			mailed.Tries++
			return tx.PutMailedCode(site.ID, box, mailed)
		}
		if err := tx.DropMailedCode(site.ID, box); err != nil || name == "" {
			return err
		}
		return s.keepName(tx, site.ID, name, now)
	})
	switch {
	case err != nil:
		return Given{}, fmt.Errorf("admit by a code: %w", err)
	case !right:
		return Given{}, refused("This is not the code that was mailed last, or it is older than ten minutes, or was " +
			"used, or five others were tried. Have another one mailed.")
	}
	return s.give(site.ID, nil, c), nil
}

func (c MailedCode) over(now time.Time) bool { return now.After(c.At.Add(mailbox.CodeLife)) }

// mayBeCalled returns the name that somebody is to go by as it is shown, and refuses one of staff.
func (s *Service) mayBeCalled(ctx context.Context, site site.Site, name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", problem.Field("/name", "This is not valid UTF-8.")
	}
	var c comment.Comment
	err := c.Sign(name, "", "")
	if err == nil && c.Name != "" {
		var staff []string
		if staff, err = s.accounts.StaffNames(ctx, authz.Operator, site); err == nil {
			err = c.RefuseNames(staff)
		}
	}
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Field == "/author/name" {
		return "", problem.Field("/name", e.Detail)
	}
	return c.Name, err
}
