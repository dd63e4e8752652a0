package moderation

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
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
func (s *Service) Teachers(ctx context.Context, who people.Actor, site ground.Site) ([]Teacher, error) {
	if err := who.May(site.ID, people.Owner, people.ScopeRead); err != nil {
		return nil, err
	}
	var teachers []Teacher
	err := s.work.View(ctx, func(tx Tx) error {
		taught, err := tx.Taught(site.ID)
		if err != nil {
			return err
		}
		names, err := accountNames(tx)
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
// It is one entry of the log, which Undo takes back. It needs an owner. Done counts the
// lessons; where the account taught nothing, nothing happens.
func (s *Service) WithdrawLessons(ctx context.Context, who people.Actor, site ground.Site, account string, key *ground.Key) (Outcome, error) {
	return s.teach(ctx, who, site, key, "withdraw lessons", func(b *book, out *Outcome) error {
		n, lowest, err := b.tx.WithdrawLessons(site.ID, account, b.head.Seq+1)
		if err != nil {
			return fmt.Errorf("withdraw lessons: %w", err)
		}
		if lowest > 0 {
			b.teach(decision.Entry{Kind: decision.Withdrawal, Subject: account, Lessons: n, Before: lowest}, out)
		}
		return nil
	})
}

// CopyLessons starts a site from another: the newest 10,000 lessons that count there are
// taught here as well. It is one entry of the log, which Undo takes back. It needs an owner of
// both sites. Done counts the lessons; where there are none, nothing happens.
func (s *Service) CopyLessons(ctx context.Context, who people.Actor, site, from ground.Site, key *ground.Key) (Outcome, error) {
	if err := who.May(from.ID, people.Owner, people.ScopeAdmin); err != nil {
		return Outcome{}, err
	}
	if from.ID == site.ID {
		return Outcome{}, problem.Field("/from", "A site cannot start from itself.")
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	return s.teach(ctx, who, site, key, "copy lessons", func(b *book, out *Outcome) error {
		// Nobody erases lessons there meanwhile: see Person.erase.
		head, err := b.tx.LockLog(from.ID)
		if err != nil {
			return fmt.Errorf("lock the other log: %w", err)
		}
		err = eachStored(b.tx, from.ID, head.Seq, func(l decision.Lesson) {
			if l.Counts {
				b.lessons = append(b.lessons, decision.Lesson{Lesson: l.Lesson, Comment: l.Comment})
			}
		})
		if err != nil || len(b.lessons) == 0 {
			return err
		}
		b.lessons = b.lessons[max(0, len(b.lessons)-maxCopied):]
		for part := range b.lessons {
			l := &b.lessons[part]
			l.Seq, l.Part, l.Salt = b.head.Seq+1, part, decision.PartSalt(secret[:], part)
		}
		d := decision.Entry{Kind: decision.Copy, Subject: from.Key, Lessons: len(b.lessons)}
		d.Lesson = decision.TaughtHash(d, b.lessons)
		b.teach(d, out)
		return nil
	})
}

// OldLessons returns how many lessons RetireLessons would erase. It needs an owner.
func (s *Service) OldLessons(ctx context.Context, who people.Actor, site ground.Site, before time.Time) (n int, err error) {
	if err := who.May(site.ID, people.Owner, people.ScopeAdmin); err != nil {
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
func (s *Service) past(before time.Time) (time.Time, error) {
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
func (s *Service) RetireLessons(ctx context.Context, who people.Actor, site ground.Site, before time.Time, key *ground.Key) (Outcome, error) {
	before, err := s.past(before)
	if err != nil {
		return Outcome{}, err
	}
	return s.teach(ctx, who, site, key, "retire lessons", func(b *book, out *Outcome) error {
		n, lowest, err := b.tx.RetireLessons(site.ID, before, b.head.Seq+1)
		if err != nil {
			return fmt.Errorf("retire lessons: %w", err)
		}
		if lowest == 0 {
			return nil
		}
		b.teach(decision.Entry{Kind: decision.Retirement, Subject: before.Format(time.RFC3339Nano), Lessons: n, Before: lowest}, out)
		return dropSnapshots(b.tx, site.ID, lowest) // they hold words of what is erased
	})
}

// teach runs fn, which adds at most one entry about no comment, in a transaction.
func (s *Service) teach(
	ctx context.Context, who people.Actor, site ground.Site, key *ground.Key, doing string, fn func(*book, *Outcome) error,
) (Outcome, error) {
	if err := who.May(site.ID, people.Owner, people.ScopeAdmin); err != nil {
		return Outcome{}, err
	}
	entry := s.newEntry(who, site)
	out, again, err := ground.Answered(ctx, s.work, key, func(tx Tx) (out Outcome, err error) {
		b, err := entry.open(tx)
		if err != nil {
			return out, err
		}
		if err := fn(b, &out); err != nil {
			return out, err
		}
		err = b.close(&out)
		return out, err
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("%s: %w", doing, err)
	}
	out.Replayed = again
	s.log.InfoContext(ctx, doing, "site", site.Key, "batch", out.Batch, "by", who.ID(), "lessons", out.Done, "replayed", out.Replayed)
	return out, nil
}

// teach adds an entry about no comment.
func (b *book) teach(d decision.Entry, out *Outcome) {
	b.put(d)
	b.events = append(b.events, ground.Event{Site: b.site.ID, Kind: ground.EventTaught, At: b.at})
	out.Batch, out.Done = b.batch, d.Lessons
}

// unteach takes back entry d, which is about no comment.
func (b *book) unteach(d decision.Entry, out *Outcome) error {
	switch d.Kind {
	case decision.Withdrawal:
		if err := b.tx.ReturnLessons(b.site.ID, d.Seq); err != nil {
			return fmt.Errorf("return lessons: %w", err)
		}
	case decision.Retirement:
		return problem.Field("/batch", "What was retired is erased, and does not come back.")
	case decision.Erasure:
		return problem.Field("/batch", "What was erased does not come back.")
	case decision.Copy:
		b.fallen = append(b.fallen, d.Seq)
		d.Before = d.Seq
	}
	b.teach(decision.Entry{Kind: d.Kind, Subject: d.Subject, Lessons: d.Lessons, Before: d.Before, Undoes: d.Seq}, out)
	return nil
}
