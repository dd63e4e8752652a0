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

// maxCopied is how many lessons one entry takes over, the newest: it is one transaction.
const maxCopied = 10_000

// A Teacher is an account whose decisions count in a site's model. An account that is gone has
// no name.
type Teacher struct {
	Account string // its id; "" for whoever ran commands on the machine
	Name    string
	Lessons int
}

// Teachers returns whose lessons count on a site, those of most first. It needs an owner.
func (s *Models) Teachers(ctx context.Context, who authz.Actor, site site.Site) ([]Teacher, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeRead); err != nil {
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

// WithdrawLessons takes everything that an account taught on a site out of its model. The
// comments stay as they were decided, and what the account decides from now on teaches again.
// It is one entry of the log, which Undo takes back. It needs an owner. Lessons counts
// them; where the account taught nothing, nothing happens.
func (s *Models) WithdrawLessons(
	ctx context.Context, who authz.Actor, site site.Site, account string, key *txn.Key,
) (Change, error) {
	return s.teach(ctx, who, site, key, "withdraw lessons", func(tx Tx, b *auditlog.Book) (int, error) {
		if account != "" && !txn.IsID(account) && !auditlog.Imported(account) { // "" is the operator
			return 0, nil // nobody's: it may be no text to a database
		}
		n, lowest, err := tx.WithdrawLessons(site.ID, account, b.Next())
		if err != nil {
			return 0, fmt.Errorf("withdraw lessons: %w", err)
		}
		if lowest > 0 {
			b.PutTeaching(auditlog.Entry{Kind: auditlog.Withdrawal,
				Teaching: auditlog.Teaching{Subject: account, Lessons: n, Lowest: lowest}})
		}
		return n, nil
	})
}

// CopyLessons starts a site from another: the newest 10,000 lessons that count there are
// taught here as well. It is one entry of the log, which Undo takes back. It needs an owner of
// both sites, the other one by its key. Lessons counts them; where there are none, nothing happens.
func (s *Models) CopyLessons(
	ctx context.Context, who authz.Actor, site site.Site, other string, key *txn.Key,
) (Change, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Change{}, err // before the other is looked for: whether it exists is no stranger's to know
	}
	if err := s.work.MayOwn(ctx, who, other); err != nil {
		return Change{}, err
	}
	from, err := s.work.Site(ctx, other)
	if err != nil {
		return Change{}, err
	}
	if from.ID == site.ID {
		return Change{}, problem.Field("/from", "A site cannot start from itself.")
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	return s.teach(ctx, who, site, key, "copy lessons", func(tx Tx, b *auditlog.Book) (int, error) {
		// Nobody erases lessons there meanwhile: see Erasee.erase.
		head, err := tx.LockLog(from.ID)
		if err != nil {
			return 0, fmt.Errorf("lock the other log: %w", err)
		}
		var copied []auditlog.Lesson
		err = eachStored(tx, from.ID, head.Seq, func(l auditlog.Lesson) {
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
		d.Lesson = auditlog.TaughtHash(d, copied)
		b.PutTeaching(d)
		return len(copied), nil
	})
}

// OldLessons returns how many lessons RetireLessons would erase. It needs an owner.
func (s *Models) OldLessons(
	ctx context.Context, who authz.Actor, site site.Site, before time.Time,
) (n int, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return 0, err
	}
	if before, err = s.past(before); err != nil {
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

// past is a time before which lessons are retired.
func (s *Models) past(before time.Time) (time.Time, error) {
	before = before.UTC().Truncate(time.Microsecond)
	if before.After(s.work.Now()) {
		return time.Time{}, problem.Field("/before", "Lessons are retired that are older than some time in the past.")
	}
	return before, nil
}

// RetireLessons takes everything that was taught on a site before a time out of its model for
// good, and erases the texts that taught it: nothing of them is left to bring back. What was
// copied from another site is as old as its copy. The log keeps who decided what. It is one
// entry of the log. It needs an owner. Done counts the lessons, whether they counted in the
// model or not; where there are none, nothing happens.
func (s *Models) RetireLessons(
	ctx context.Context, who authz.Actor, site site.Site, before time.Time, key *txn.Key,
) (Change, error) {
	before, err := s.past(before)
	if err != nil {
		return Change{}, err
	}
	return s.teach(ctx, who, site, key, "retire lessons", func(tx Tx, b *auditlog.Book) (int, error) {
		n, lowest, err := tx.RetireLessons(site.ID, before, b.Next())
		if err != nil {
			return 0, fmt.Errorf("retire lessons: %w", err)
		}
		if lowest == 0 {
			return n, nil
		}
		subject := before.Format(time.RFC3339Nano)
		b.PutTeaching(auditlog.Entry{Kind: auditlog.Retirement,
			Teaching: auditlog.Teaching{Subject: subject, Lessons: n, Lowest: lowest}})
		return n, dropSnapshots(tx, site.ID, lowest) // they hold words of what is erased
	})
}

// A Change is the outcome of teaching: what WithdrawLessons, CopyLessons or RetireLessons did. Batch is "" when that is
// nothing.
type Change struct {
	Batch    string `json:"batch"`
	Lessons  int    `json:"done"`
	Replayed bool   `json:"-"`
}

// teach runs fn in a transaction. It adds at most one entry, which is about no comment, and returns
// how many lessons that concerns.
func (s *Models) teach(
	ctx context.Context, who authz.Actor, site site.Site, key *txn.Key, doing string,
	fn func(Tx, *auditlog.Book) (int, error),
) (Change, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Change{}, err
	}
	pen := s.pen(who, site)
	out, again, err := txn.Answered(ctx, s.work, key, func(tx Tx) (out Change, err error) {
		b, err := pen.Open(tx)
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

// pen is what who writes into a site's log now.
func (s *Models) pen(who authz.Actor, site site.Site) auditlog.Pen {
	return auditlog.NewPen(site, who.ID(), s.work.Now())
}
