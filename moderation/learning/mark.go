package learning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// A Mark records an erasure outside the database, so that it can be repeated after a backup is restored. It contains
// keyed hashes, so it identifies a person only next to the restored data.
type Mark struct {
	At       time.Time `json:"at"`
	With     Extent    `json:"with,omitempty"`
	Site     int64     `json:"site"`
	Email    []byte    `json:"email,omitempty"`
	Comments [][]byte  `json:"comments,omitempty"`
}

// MarkErasure stores the mark of an erasure that is about to begin.
func (s *Models) MarkErasure(site site.Site, p DataSubject) error {
	if err := s.onErase(p.mark(s.secret, site.ID, s.work.Now())); err != nil {
		return fmt.Errorf("note the erasure: %w", err)
	}
	return nil
}

// MarkForgotten stores the mark of a comment that is about to be forgotten. Its lessons stay.
func (s *Models) MarkForgotten(site site.Site, comment string) error {
	return s.MarkErasure(site, DataSubject{Comments: []string{comment}, Extent: CommentsOnly})
}

const (
	addressMark = "erased address"
	emailMark   = "erased email" // in older marks: hash of the address in text.Fold
	commentMark = "erased comment"
)

func (p DataSubject) mark(own secret.Secret, site int64, at time.Time) Mark {
	m := Mark{At: at, Site: site, With: p.Extent}
	if p.Email != "" {
		m.Email = own.Hash(addressMark, site, text.AddressOf(p.Email).String())
	}
	for _, id := range p.Comments {
		m.Comments = append(m.Comments, own.Hash(commentMark, site, id))
	}
	return m
}

// ReplayErasures repeats erasures of lessons that happened after a backup was made. It returns the number of erased
// lessons, including copies. It skips sites that do not exist.
func (s *Models) ReplayErasures(ctx context.Context, marks []Mark) (lessons int, err error) {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return 0, err
	}
	for _, site := range sites {
		of := slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool {
			return m.Site != site.ID || m.With == CommentsOnly
		})
		if len(of) == 0 {
			continue
		}
		meant := MarkMatcher(s.secret, site.ID, of)
		wrote := func(l auditlog.Lesson) bool { return len(l.Salt) > 0 && meant(l.Comment.Email, l.Of) }
		author := s.author(authz.Operator, site)
		var out Erasure
		err := s.work.Update(ctx, func(tx Tx) error {
			out = Erasure{}
			return lessonFilter(wrote).erase(tx, authz.Operator, site, author, &out)
		})
		if err != nil {
			return 0, fmt.Errorf("erase again on %s: %w", site.Key, err)
		}
		lessons += out.Lessons + out.Copies
	}
	return lessons, nil
}

// MarkMatcher returns a function that reports whether a comment was erased by one of the marks, by its e-mail or its
// ID. An older mark still matches the folded e-mail.
func MarkMatcher(own secret.Secret, site int64, marks []Mark) func(email, comment string) bool {
	hashes := map[string]bool{}
	for _, m := range marks {
		for _, h := range append([][]byte{m.Email}, m.Comments...) {
			hashes[string(h)] = true
		}
	}
	return func(email, comment string) bool {
		return email != "" && (hashes[string(own.Hash(addressMark, site, text.AddressOf(email).String()))] ||
			hashes[string(own.Hash(emailMark, site, text.Fold(email)))]) ||
			comment != "" && hashes[string(own.Hash(commentMark, site, comment))]
	}
}
