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

// maxTries limits the wrong entries of a code.
const maxTries = 5

// A MailedCode is the state of a mailed code: the ID of its letter, the number of wrong entries, and when it was
// mailed.
type MailedCode struct {
	Letter string
	Tries  int
	At     time.Time
}

// RequestCode mails a code that verifies an address. It replaces an earlier code. If the address has reached its mail
// limit, RequestCode sends nothing and returns nil.
func (s *Service) RequestCode(ctx context.Context, site site.Site, email, lang string) error {
	to, err := mailable(email)
	if err != nil {
		return err
	}
	now := s.work.Now()
	l := mailbox.Letter{
		Site:        site.ID,
		ID:          txn.NewID(),
		Kind:        mailbox.Code,
		AddressHash: mailbox.AddressHash(s.secret, to),
		To:          to,
		Lang:        lang,
		CreatedAt:   now,
		DueAt:       now,
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		posted, err := mailbox.Enqueue(tx, s.secret, l)
		if err != nil || !posted {
			return err
		}
		return tx.PutMailedCode(site.ID, l.AddressHash, MailedCode{Letter: l.ID, At: now})
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

// IssueByCode issues an identity for a mailed code. name is the display name, or "". A code can be used once. It
// returns identity.refused for a wrong code, an expired one, and after five wrong entries.
func (s *Service) IssueByCode(ctx context.Context, site site.Site, email, code, name string) (Identity, error) {
	proved, err := mailable(email)
	if err != nil {
		return Identity{}, err
	}
	if name, err = s.checkDisplayName(ctx, site, name); err != nil {
		return Identity{}, err
	}
	now := s.work.Now()
	c := claim{
		Subject: mailbox.SubjectHash(s.secret, site.ID, proved), Mailed: true,
		Name: name, Email: proved.Readable(), At: now.UnixMicro(), Ends: now.Add(identityLife).UnixMicro(),
	}
	box, right := mailbox.AddressHash(s.secret, proved), false
	err = s.work.Update(ctx, func(tx Tx) error {
		right = false
		mailed, err := tx.MailedCode(site.ID, box)
		if errors.Is(err, txn.ErrNotFound) || err == nil && (mailed.Tries >= maxTries || mailed.expired(now)) {
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
		return s.saveName(tx, site.ID, name, now)
	})
	switch {
	case err != nil:
		return Identity{}, fmt.Errorf("admit by a code: %w", err)
	case !right:
		return Identity{}, refused("This code is wrong, used, older than ten minutes or replaced by a newer one, or there were " +
			"five wrong tries. Request another code.")
	}
	return s.issue(site.ID, nil, c), nil
}

func (c MailedCode) expired(now time.Time) bool { return now.After(c.At.Add(mailbox.CodeLife)) }

// checkDisplayName returns the cleaned display name. It returns an error for an invalid name and for one that readers
// could take for the name of a staff member.
func (s *Service) checkDisplayName(ctx context.Context, site site.Site, name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", problem.Field("/name", "This is not valid UTF-8.")
	}
	var c comment.Comment
	err := c.Sign(name, "", "")
	if err == nil && c.Name != "" {
		var staff []string
		if staff, err = s.accounts.StaffNames(ctx, authz.Operator, site); err == nil {
			err = c.CheckName(staff)
		}
	}
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Field == "/author/name" {
		return "", problem.Field("/name", e.Detail)
	}
	return c.Name, err
}
