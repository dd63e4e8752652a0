package learning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// maxNamedComments limits the comments named in one request.
const maxNamedComments = 1_000

// A DataSubject is a person whose lessons are erased: those from comments with an e-mail address, and those from
// comments named by ID. E-mail addresses are compared as text.Address. Names and websites do not identify a person:
// others may use the same, and erasure is final. Comments without an e-mail address must be named.
type DataSubject struct {
	Email           string
	Comments        []string
	Extent          Extent // what the caller erases along with the lessons
	EmptiedComments int    // comments that the caller emptied
}

// An Extent is what is erased of a person: lessons, comments, or both.
type Extent string

// Extents.
const (
	LessonsOnly  Extent = ""
	WithNames    Extent = "names"     // the comments stay without their writers
	WithComments Extent = "comments"  // the comments become empty placeholders
	CommentsOnly Extent = "forgotten" // likewise, but the lessons stay
)

// An Erasure is the result of EraseLessons, or a preview of it.
type Erasure struct {
	Batch   string `json:"batch"`   // "" if the site had no lessons to erase
	Lessons int    `json:"lessons"` // on the site, including copied ones, whether they counted or not
	Copies  int    `json:"copies"`  // on other sites, of comments written on this one
	// Left counts such copies on sites that the actor does not own. An owner of those sites or the Operator can erase
	// them.
	Left     int  `json:"left"`
	Comments int  `json:"comments"` // emptied along with the lessons
	Replayed bool `json:"-"`
}

// LessonsOf returns what EraseLessons would erase. It needs an owner.
func (s *Models) LessonsOf(ctx context.Context, who authz.Actor, blog site.Site, p DataSubject) (Erasure, error) {
	if err := who.Authorize(blog.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Erasure{}, err
	}
	if err := p.check(); err != nil {
		return Erasure{}, err
	}
	var out Erasure
	wrote := p.filter()
	err := s.work.View(ctx, func(tx Tx) error {
		head, err := tx.Head(blog.ID)
		if err != nil {
			return err
		}
		own, err := wrote.lessons(tx, blog.ID, head.Seq)
		if err != nil {
			return err
		}
		out = Erasure{Lessons: len(own)}
		out.Left, err = wrote.eachCopyingSite(tx, who, blog, func(other site.Site) error {
			copies, err := wrote.copies(tx, blog.ID, other.ID)
			out.Copies += len(copies)
			return err
		})
		return err
	})
	if err != nil {
		return Erasure{}, fmt.Errorf("count a person's lessons: %w", err)
	}
	return out, nil
}

// EraseLessons removes a person's lessons from a site's model and erases their texts. It does the same with copies of
// these lessons on other sites that who owns. The log keeps who decided what, but not whose lessons were erased. It
// appends one entry to the log of each site and cannot be undone. It needs an owner.
//
// The comments themselves stay, and deciding one again teaches again: see package privacy.
func (s *Models) EraseLessons(
	ctx context.Context, who authz.Actor, site site.Site, p DataSubject, key *txn.IdempotencyKey,
) (Erasure, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Erasure{}, err
	}
	if err := p.check(); err != nil {
		return Erasure{}, err
	}
	if key != nil { // a plain hash of an e-mail address can be guessed
		hidden := *key
		hidden.Body = s.secret.Mac("erasure", string(key.Body))
		key = &hidden
	}
	if err := s.MarkErasure(site, p); err != nil {
		return Erasure{}, err
	}
	author := s.author(who, site)
	out, again, err := txn.Idempotent(ctx, s.work, key, func(tx Tx) (out Erasure, err error) {
		out.Comments = p.EmptiedComments
		err = p.filter().erase(tx, who, site, author, &out)
		return out, err
	})
	if err != nil {
		return Erasure{}, fmt.Errorf("erase a person's lessons: %w", err)
	}
	out.Replayed = again
	s.log.InfoContext(ctx, "erase lessons", "site", site.Key, "batch", out.Batch, "by", who.ID(),
		"lessons", out.Lessons, "copies", out.Copies, "left", out.Left, "replayed", out.Replayed)
	return out, nil
}

func (p DataSubject) check() error {
	switch {
	case p.Email == "" && len(p.Comments) == 0:
		return problem.Field("/email", "Name the person by an e-mail address, or their comments by ID.")
	case p.Email != "" && !(utf8.ValidString(p.Email) && text.LooksLikeEmail(strings.TrimSpace(p.Email))):
		return problem.Field("/email", "This does not look like an e-mail address.")
	case len(p.Comments) > maxNamedComments:
		return problem.Field("/comments", fmt.Sprintf("Name at most %d comments.", maxNamedComments))
	case slices.ContainsFunc(p.Comments, func(id string) bool { return !txn.IsID(id) }):
		return problem.Field("/comments", "Name comments by ID.")
	}
	return nil
}

// A lessonFilter reports whether a lesson is to be erased.
type lessonFilter func(auditlog.Lesson) bool

func (wrote lessonFilter) erase(tx Tx, who authz.Actor, blog site.Site, author auditlog.Author, out *Erasure) error {
	// Lock the site's own log first: copying from it takes the same lock, so no copy is missed.
	b, err := author.Open(tx)
	if err != nil {
		return err
	}
	own, err := wrote.lessons(tx, blog.ID, b.Next()-1)
	if err != nil {
		return err
	}
	if out.Lessons = len(own); out.Lessons > 0 {
		out.Batch = author.Batch
	}
	if err := erase(tx, b, own); err != nil {
		return err
	}
	out.Left, err = wrote.eachCopyingSite(tx, who, blog, func(other site.Site) error {
		author.Site = other.ID
		b, err := author.Open(tx)
		if err != nil {
			return err
		}
		copies, err := wrote.copies(tx, blog.ID, other.ID)
		if err != nil {
			return err
		}
		out.Copies += len(copies)
		return erase(tx, b, copies)
	})
	return err
}

// eachCopyingSite calls fn with each other site that who owns and that has copied lessons. It returns the number of
// the person's copies on other sites.
func (wrote lessonFilter) eachCopyingSite(
	tx Tx, who authz.Actor, site site.Site, fn func(site.Site) error,
) (left int, err error) {
	sites, err := tx.Sites()
	if err != nil {
		return 0, fmt.Errorf("read sites: %w", err)
	}
	for _, other := range sites {
		if other.ID == site.ID {
			continue
		}
		if who.Authorize(other.ID, authz.Owner, authz.ScopeAdmin) == nil {
			entries, err := tx.Copies(other.ID)
			if err == nil && len(entries) > 0 {
				err = fn(other)
			}
			if err != nil {
				return 0, err
			}
			continue
		}
		copies, err := wrote.copies(tx, site.ID, other.ID)
		if err != nil {
			return 0, err
		}
		left += len(copies)
	}
	return left, nil
}

// lessons returns the person's lessons on a site whose log ends at head, ascending.
func (wrote lessonFilter) lessons(tx Tx, site int64, head uint64) (found []auditlog.Lesson, err error) {
	err = eachLesson(tx, site, head, func(l auditlog.Lesson) {
		if wrote(l) {
			found = append(found, l)
		}
	})
	return found, err
}

// eachLesson calls fn with a site's lessons up to an entry, whether they count or not, ascending.
func eachLesson(tx Tx, site int64, upTo uint64, fn func(auditlog.Lesson)) error {
	const length = 1_000
	for after := uint64(0); after < upTo; after += length {
		list, err := tx.Lessons(site, after, min(after+length, upTo))
		if err != nil {
			return fmt.Errorf("read lessons: %w", err)
		}
		for _, l := range list {
			fn(l)
		}
	}
	return nil
}

// copies returns the person's lessons from one site that another site copied, directly or through a third one,
// ascending.
func (wrote lessonFilter) copies(tx Tx, from, site int64) ([]auditlog.Lesson, error) {
	copied, err := tx.CopiedLessons(site, from)
	if err != nil {
		return nil, fmt.Errorf("read copied lessons: %w", err)
	}
	return slices.DeleteFunc(copied, func(l auditlog.Lesson) bool { return !wrote(l) }), nil
}

// filter returns a lessonFilter for the person's lessons that were not erased yet.
func (p DataSubject) filter() lessonFilter {
	email, named := text.AddressOf(p.Email), make(map[string]bool, len(p.Comments))
	for _, id := range p.Comments {
		named[id] = true
	}
	return func(l auditlog.Lesson) bool {
		if len(l.Salt) == 0 {
			return false
		}
		return p.Email != "" && l.Comment.Email != "" && text.AddressOf(l.Comment.Email) == email || named[l.Of]
	}
}

// erase erases lessons and appends one entry. It does nothing without lessons.
func erase(tx Tx, b *auditlog.Appender, lessons []auditlog.Lesson) error {
	if len(lessons) == 0 {
		return nil
	}
	for i := range lessons {
		lessons[i].Proof = auditlog.LessonHash(lessons[i].Salt, lessons[i].Lesson)
	}
	if err := tx.EraseLessons(b.Site, lessons, b.Next()); err != nil {
		return fmt.Errorf("erase lessons: %w", err)
	}
	lowest := lessons[0].Seq
	b.AppendTeaching(auditlog.Entry{
		Kind: auditlog.Erasure, Lesson: auditlog.ErasedHash(lessons),
		Teaching: auditlog.Teaching{Lessons: len(lessons), Lowest: lowest},
	})
	if err := dropSnapshots(tx, b.Site, lowest); err != nil { // they contain words of the erased texts
		return err
	}
	return b.Close()
}
