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

// maxNamed is how many comments one request names.
const maxNamed = 1_000

// An Erasee is a person whose lessons are erased: what was written under an e-mail, and the comments
// named by their ids. E-mails are compared as text.Address. Nobody is known by a name or a website:
// others may have the same, and what is erased does not come back. The comments of somebody who
// left no e-mail are named.
type Erasee struct {
	Email    string
	Comments []string
	With     Extent // besides the lessons, by whoever asks for these to be erased
	Emptied  int    // comments, with them
}

// An Extent is what else of a person is erased with their lessons.
type Extent string

// Extents.
const (
	LessonsOnly  Extent = ""
	WithNames    Extent = "names"     // the comments stay, and nobody knows whose they are
	WithComments Extent = "comments"  // of the comments only the places stay
	CommentsOnly Extent = "forgotten" // likewise, and the lessons stay
)

// An Erasure is what EraseLessons did, or would do.
type Erasure struct {
	Batch   string `json:"batch"`   // "" where nothing was to be erased on the site
	Lessons int    `json:"lessons"` // of the site, copied ones included, whether they counted or not
	Copies  int    `json:"copies"`  // on other sites, of what was written on this one
	// Left are such copies on sites that are not the actor's: an owner of those, or the
	// Operator, erases them.
	Left     int  `json:"left"`
	Comments int  `json:"comments"` // that are emptied with them
	Replayed bool `json:"-"`
}

// LessonsOf returns what EraseLessons would erase. It needs an owner.
func (s *Models) LessonsOf(ctx context.Context, who authz.Actor, blog site.Site, p Erasee) (Erasure, error) {
	if err := who.May(blog.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Erasure{}, err
	}
	if err := p.check(); err != nil {
		return Erasure{}, err
	}
	var out Erasure
	wrote := p.wrote()
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
		out.Left, err = wrote.eachCopied(tx, who, blog, func(other site.Site) error {
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

// EraseLessons takes everything that a person's comments taught on a site out of its model for
// good, and erases the texts that taught it; also the copies of what was written on this site
// that stand on other sites of who's. The log keeps who decided what, and nothing of whose
// lessons these were. It is one entry in the log of each site, and cannot be undone. It needs
// an owner.
//
// It is about lessons only. The comments stay, and one that is decided again teaches again:
// see package privacy.
func (s *Models) EraseLessons(
	ctx context.Context, who authz.Actor, site site.Site, p Erasee, key *txn.Key,
) (Erasure, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Erasure{}, err
	}
	if err := p.check(); err != nil {
		return Erasure{}, err
	}
	if key != nil { // a plain hash of an e-mail can be guessed
		hidden := *key
		hidden.Body = s.secret.Mac("erasure", string(key.Body))
		key = &hidden
	}
	if err := s.Note(site, p); err != nil {
		return Erasure{}, err
	}
	pen := s.pen(who, site)
	out, again, err := txn.Answered(ctx, s.work, key, func(tx Tx) (out Erasure, err error) {
		out.Comments = p.Emptied
		err = p.wrote().erase(tx, who, site, pen, &out)
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

func (p Erasee) check() error {
	switch {
	case p.Email == "" && len(p.Comments) == 0:
		return problem.Field("/email", "Name the person by an e-mail, or their comments by their ids.")
	case p.Email != "" && !(utf8.ValidString(p.Email) && text.LooksLikeEmail(strings.TrimSpace(p.Email))):
		return problem.Field("/email", "This does not look like an e-mail address.")
	case len(p.Comments) > maxNamed:
		return problem.Field("/comments", fmt.Sprintf("Name at most %d comments.", maxNamed))
	case slices.ContainsFunc(p.Comments, func(id string) bool { return !txn.IsID(id) }):
		return problem.Field("/comments", "Name comments by their ids.")
	}
	return nil
}

// A whose tells the lessons that are to be erased from all others.
type whose func(auditlog.Lesson) bool

func (wrote whose) erase(tx Tx, who authz.Actor, blog site.Site, pen auditlog.Pen, out *Erasure) error {
	// The site's own log first: nobody copies from it while its lock is held, so no copy is missed.
	b, err := pen.Open(tx)
	if err != nil {
		return err
	}
	own, err := wrote.lessons(tx, blog.ID, b.Next()-1)
	if err != nil {
		return err
	}
	if out.Lessons = len(own); out.Lessons > 0 {
		out.Batch = pen.Batch
	}
	if err := erase(tx, b, own); err != nil {
		return err
	}
	out.Left, err = wrote.eachCopied(tx, who, blog, func(other site.Site) error {
		pen.Site = other.ID
		b, err := pen.Open(tx)
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

// eachCopied calls fn with each other site of who's that took lessons over, and counts the
// person's copies that are left on sites which are not.
func (wrote whose) eachCopied(
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
		if who.May(other.ID, authz.Owner, authz.ScopeAdmin) == nil {
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

// lessons finds the person's lessons on a site whose log ends at head, ascending.
func (wrote whose) lessons(tx Tx, site int64, head uint64) (found []auditlog.Lesson, err error) {
	err = eachStored(tx, site, head, func(l auditlog.Lesson) {
		if wrote(l) {
			found = append(found, l)
		}
	})
	return found, err
}

// eachStored calls fn with a site's lessons up to an entry, whether they count or not, ascending.
func eachStored(tx Tx, site int64, upTo uint64, fn func(auditlog.Lesson)) error {
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

// copies finds what the person wrote on one site among the lessons that another took over,
// from there or from a third, ascending.
func (wrote whose) copies(tx Tx, from, site int64) ([]auditlog.Lesson, error) {
	copied, err := tx.CopiedLessons(site, from)
	if err != nil {
		return nil, fmt.Errorf("read copied lessons: %w", err)
	}
	return slices.DeleteFunc(copied, func(l auditlog.Lesson) bool { return !wrote(l) }), nil
}

// wrote tells the person's lessons that were not erased yet from all others.
func (p Erasee) wrote() whose {
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

// erase writes the one entry that takes lessons out for good; without lessons there is none.
func erase(tx Tx, b *auditlog.Book, lessons []auditlog.Lesson) error {
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
	b.PutTeaching(auditlog.Entry{
		Kind: auditlog.Erasure, Lesson: auditlog.ErasedHash(lessons),
		Teaching: auditlog.Teaching{Lessons: len(lessons), Lowest: lowest},
	})
	if err := dropSnapshots(tx, b.Site, lowest); err != nil { // they hold words of what is erased
		return err
	}
	return b.Close()
}
