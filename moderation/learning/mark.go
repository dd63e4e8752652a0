package learning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

// A Mark is what is kept of an erasure outside the database, so that it can be done again after an older
// copy was put back. It holds keyed hashes: whom it is about is known only where they are met.
type Mark struct {
	At       time.Time `json:"at"`
	Site     int64     `json:"site"`
	Email    []byte    `json:"email,omitempty"`
	Comments [][]byte  `json:"comments,omitempty"`
}

// OnErase has fn keep the mark of each erasure. It is called before the erasure is done, which is not
// when fn fails, and once, before Run.
func (s *Models) OnErase(fn func(Mark) error) { s.erased = fn }

const (
	emailMark   = "erased email"
	commentMark = "erased comment"
)

func (p Erasee) mark(own secret.Secret, site int64, at time.Time) Mark {
	m := Mark{At: at, Site: site}
	if p.Email != "" {
		m.Email = own.Hash(emailMark, site, text.Fold(p.Email))
	}
	for _, id := range p.Comments {
		m.Comments = append(m.Comments, own.Hash(commentMark, site, id))
	}
	return m
}

// EraseMarked erases again what was erased after a copy of the database was made, and returns how many
// lessons that were, copied ones included. Sites that are not there are passed over.
func (s *Models) EraseMarked(ctx context.Context, marks []Mark) (lessons int, err error) {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return 0, err
	}
	for _, site := range sites {
		of := slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return m.Site != site.ID })
		if len(of) == 0 {
			continue
		}
		pen, wrote := s.pen(people.Operator, site), s.marked(of, site.ID)
		var out Erasure
		err := s.work.Update(ctx, func(tx Tx) error {
			out = Erasure{}
			return wrote.erase(tx, people.Operator, site, pen, &out)
		})
		if err != nil {
			return 0, fmt.Errorf("erase again on %s: %w", site.Key, err)
		}
		lessons += out.Lessons + out.Copies
	}
	return lessons, nil
}

// marked tells the lessons of whoever is marked on a site.
func (s *Models) marked(marks []Mark, site int64) whose {
	hashes := map[string]bool{}
	for _, m := range marks {
		for _, h := range append([][]byte{m.Email}, m.Comments...) {
			hashes[string(h)] = true
		}
	}
	return func(l ledger.Lesson) bool {
		if len(l.Salt) == 0 {
			return false
		}
		return l.Comment.Email != "" && hashes[string(s.secret.Hash(emailMark, site, text.Fold(l.Comment.Email)))] ||
			l.Of != "" && hashes[string(s.secret.Hash(commentMark, site, l.Of))]
	}
}
