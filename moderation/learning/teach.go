package learning

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// maxCopied limits the lessons copied by one entry, the newest, since that is one transaction.
const maxCopied = 10_000

// A Teacher is an account whose decisions count in a site's model. Name is "" if the account was deleted.
type Teacher struct {
	Account string // ID; "" for the operator
	Name    string
	Lessons int
}

// Teachers returns the accounts whose lessons count on a site, most lessons first. It needs an owner.
func (s *Models) Teachers(ctx context.Context, who authz.Actor, site site.Site) ([]Teacher, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeRead); err != nil {
		return nil, err
	}
	var teachers []Teacher
	err := s.work.View(ctx, func(tx Tx) error {
		taught, err := tx.Taught(site.ID)
		if err != nil {
			return err
		}
		names, err := auditlog.Names(tx, slices.Collect(maps.Keys(taught))...)
		if err != nil {
			return err
		}
		teachers = make([]Teacher, 0, len(taught))
		for account, n := range taught {
			teachers = append(teachers, Teacher{Account: account, Name: names[account], Lessons: n})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read teachers: %w", err)
	}
	slices.SortFunc(teachers, func(a, b Teacher) int {
		return cmp.Or(b.Lessons-a.Lessons, cmp.Compare(a.Account, b.Account))
	})
	return teachers, nil
}

// WithdrawLessons removes an account's lessons from a site's model. Its decisions on comments stay, and its later
// decisions teach again. Undo can undo the log entry. It returns the number of lessons, and appends no entry if there
// are none. It needs an owner.
func (s *Models) WithdrawLessons(
	ctx context.Context, who authz.Actor, site site.Site, account string, key *txn.IdempotencyKey,
) (Change, error) {
	return s.teach(ctx, who, site, key, "withdraw lessons", func(tx Tx, b *auditlog.Appender) (int, error) {
		if account != "" && !txn.IsID(account) && !auditlog.Imported(account) { // "" is the operator
			return 0, nil // no such account, and perhaps no valid text for a database
		}
		n, lowest, err := tx.WithdrawLessons(site.ID, account, b.Next())
		if err != nil {
			return 0, fmt.Errorf("withdraw lessons: %w", err)
		}
		if lowest > 0 {
			b.AppendTeaching(auditlog.Entry{Kind: auditlog.Withdrawal,
				Teaching: auditlog.Teaching{Subject: account, Lessons: n, Lowest: lowest}})
		}
		return n, nil
	})
}

// CopyLessons copies the newest 10,000 lessons that count on another site. Undo can undo the log entry. It returns
// the number of lessons, and appends no entry if there are none. It needs an owner of both sites; other is a site
// key.
func (s *Models) CopyLessons(
	ctx context.Context, who authz.Actor, site site.Site, other string, key *txn.IdempotencyKey,
) (Change, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Change{}, err // checked first, so that strangers cannot probe whether the other site exists
	}
	if err := s.work.CheckOwner(ctx, who, other); err != nil {
		return Change{}, err
	}
	from, err := s.work.Site(ctx, other)
	if err != nil {
		return Change{}, err
	}
	if from.ID == site.ID {
		return Change{}, problem.Field("/from", "A site cannot copy lessons from itself.")
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // it never fails: crypto/rand ends the program instead
	return s.teach(ctx, who, site, key, "copy lessons", func(tx Tx, b *auditlog.Appender) (int, error) {
		// The lock prevents erasure there meanwhile: see lessonFilter.erase.
		head, err := tx.LockLog(from.ID)
		if err != nil {
			return 0, fmt.Errorf("lock the other log: %w", err)
		}
		var copied []auditlog.Lesson
		err = eachLesson(tx, from.ID, head.Seq, func(l auditlog.Lesson) {
			if l.Counts {
				copied = append(copied, auditlog.Lesson{Lesson: l.Lesson, Of: l.Of})
			}
		})
		if err != nil || len(copied) == 0 {
			return 0, err
		}
		copied = copied[max(0, len(copied)-maxCopied):]
		for part := range copied {
			l := &copied[part]
			l.Seq, l.Part, l.Salt = b.Next(), part, auditlog.PartSalt(secret[:], part)
		}
		b.Teach(copied...)
		d := auditlog.Entry{Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: from.Key, Lessons: len(copied)}}
		d.Lesson = auditlog.LessonsHash(d, copied)
		b.AppendTeaching(d)
		return len(copied), nil
	})
}

// OldLessons returns how many lessons RetireLessons would erase. It needs an owner.
func (s *Models) OldLessons(
	ctx context.Context, who authz.Actor, site site.Site, before time.Time,
) (n int, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return 0, err
	}
	if before, err = s.checkPast(before); err != nil {
		return 0, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		n, err = tx.CountRetirable(site.ID, before)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count old lessons: %w", err)
	}
	return n, nil
}

// checkPast returns before in UTC, truncated to microseconds, and an error if it is in the future.
func (s *Models) checkPast(before time.Time) (time.Time, error) {
	before = before.UTC().Truncate(time.Microsecond)
	if before.After(s.work.Now()) {
		return time.Time{}, problem.Field("/before", "The time must be in the past.")
	}
	return before, nil
}

// RetireLessons removes the lessons taught before a time from a site's model and erases their texts for good. A
// copied lesson is as old as its copy. The log keeps who decided what. It returns the number of lessons, whether they
// counted or not, and appends no entry if there are none. It needs an owner.
func (s *Models) RetireLessons(
	ctx context.Context, who authz.Actor, site site.Site, before time.Time, key *txn.IdempotencyKey,
) (Change, error) {
	before, err := s.checkPast(before)
	if err != nil {
		return Change{}, err
	}
	return s.teach(ctx, who, site, key, "retire lessons", func(tx Tx, b *auditlog.Appender) (int, error) {
		n, lowest, err := tx.RetireLessons(site.ID, before, b.Next())
		if err != nil {
			return 0, fmt.Errorf("retire lessons: %w", err)
		}
		if lowest == 0 {
			return n, nil
		}
		subject := before.Format(time.RFC3339Nano)
		b.AppendTeaching(auditlog.Entry{Kind: auditlog.Retirement,
			Teaching: auditlog.Teaching{Subject: subject, Lessons: n, Lowest: lowest}})
		return n, dropSnapshots(tx, site.ID, lowest) // they contain words of the erased texts
	})
}

// A Change is the result of WithdrawLessons, CopyLessons or RetireLessons. Batch is "" if there were no lessons.
type Change struct {
	Batch    string `json:"batch"`
	Lessons  int    `json:"done"`
	Replayed bool   `json:"-"`
}

// teach runs fn in a transaction with the locked log. fn appends at most one entry, which is about the model, and
// returns the number of lessons.
func (s *Models) teach(
	ctx context.Context, who authz.Actor, site site.Site, key *txn.IdempotencyKey, doing string,
	fn func(Tx, *auditlog.Appender) (int, error),
) (Change, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Change{}, err
	}
	author := s.author(who, site)
	out, again, err := txn.Idempotent(ctx, s.work, key, func(tx Tx) (out Change, err error) {
		b, err := author.Open(tx)
		if err != nil {
			return out, err
		}
		next := b.Next()
		if out.Lessons, err = fn(tx, b); err != nil {
			return out, err
		}
		if b.Next() > next {
			out.Batch = b.Batch
		}
		return out, b.Close()
	})
	if err != nil {
		return Change{}, fmt.Errorf("%s: %w", doing, err)
	}
	out.Replayed = again
	s.log.InfoContext(ctx, doing, "site", site.Key, "batch", out.Batch, "by", who.ID(), "lessons", out.Lessons,
		"replayed", out.Replayed)
	return out, nil
}

// author returns the Author for entries by who in a site's log.
func (s *Models) author(who authz.Actor, site site.Site) auditlog.Author {
	return auditlog.NewAuthor(site, who.ID(), s.work.Now())
}
