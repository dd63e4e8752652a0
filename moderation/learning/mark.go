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

// A Mark is what is kept of an erasure outside the database, so that it can be done again after an older
// copy was put back. It holds keyed hashes: whom it is about is known only where they are met.
type Mark struct {
	At       time.Time `json:"at"`
	With     Extent    `json:"with,omitempty"`
	Site     int64     `json:"site"`
	Email    []byte    `json:"email,omitempty"`
	Comments [][]byte  `json:"comments,omitempty"`
}

// Note keeps the mark of an erasure that is about to begin.
func (s *Models) Note(site site.Site, p Erasee) error {
	if err := s.erased(p.mark(s.secret, site.ID, s.work.Now())); err != nil {
		return fmt.Errorf("note the erasure: %w", err)
	}
	return nil
}

// NoteForgotten keeps the mark of a comment that is about to be forgotten, of which the lessons stay.
func (s *Models) NoteForgotten(site site.Site, comment string) error {
	return s.Note(site, Erasee{Comments: []string{comment}, With: CommentsOnly})
}

const (
	addressMark = "erased address"
	emailMark   = "erased email" // of older marks: the address in text.Fold
	commentMark = "erased comment"
)

func (p Erasee) mark(own secret.Secret, site int64, at time.Time) Mark {
	m := Mark{At: at, Site: site, With: p.With}
	if p.Email != "" {
		m.Email = own.Hash(addressMark, site, text.AddressOf(p.Email).String())
	}
	for _, id := range p.Comments {
		m.Comments = append(m.Comments, own.Hash(commentMark, site, id))
	}
	return m
}

// EraseMarked erases again the lessons that were erased after a copy of the database was made, and returns how many
// lessons that were, copied ones included. Sites that are not there are passed over.
func (s *Models) EraseMarked(ctx context.Context, marks []Mark) (lessons int, err error) {
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
		meant := Meant(s.secret, site.ID, of)
		wrote := func(l auditlog.Lesson) bool { return len(l.Salt) > 0 && meant(l.Comment.Email, l.Of) }
		pen := s.pen(authz.Operator, site)
		var out Erasure
		err := s.work.Update(ctx, func(tx Tx) error {
			out = Erasure{}
			return whose(wrote).erase(tx, authz.Operator, site, pen, &out)
		})
		if err != nil {
			return 0, fmt.Errorf("erase again on %s: %w", site.Key, err)
		}
		lessons += out.Lessons + out.Copies
	}
	return lessons, nil
}

// Meant returns a function that reports whether a comment was erased by one of the marks, by its e-mail or its ID. An
// older mark still matches the folded e-mail.
func Meant(own secret.Secret, site int64, marks []Mark) func(email, comment string) bool {
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
