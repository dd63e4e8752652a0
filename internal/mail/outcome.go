package mail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
)

// A sequel is what a writer is told of a comment of theirs: in a sentence, why, and where more of it stands. The zero
// sequel is that there is nothing to tell.
type outcome struct {
	summary string
	why     []string
	more    *button
}

// sequelOf says what became of a comment that was decided about, or that a demand withheld or gave back, whichever was
// the last. A demand that stood shorter than news are held back is a slip, of which nobody was told.
func (s *Service) outcomeOf(tx Tx, w *i18n.Catalog, site ground.Site, c comment.Comment) (f outcome, err error) {
	if c.State == comment.Approved {
		demands, err := tx.DemandsAbout(site.ID, c.ID, c.Page)
		if err != nil {
			return f, fmt.Errorf("read demands against a comment: %w", err)
		}
		if f, decided := s.takedownOutcome(w, site, c, demands); !decided {
			return f, nil
		}
	}
	f.summary = describe(w, c)
	f.why, err = statement(tx, w, c)
	return f, err
}

// demanded says what demands did last to an approved comment. Decided is that its approval is the news.
func (s *Service) takedownOutcome(
	w *i18n.Catalog, site ground.Site, c comment.Comment, demands []takedown.Demand,
) (f outcome, decided bool) {
	changed := func(d takedown.Demand) time.Time {
		if d.Ended.IsZero() {
			return d.At
		}
		return d.Ended
	}
	if len(demands) == 0 {
		return outcome{}, true
	}
	last := slices.MaxFunc(demands, func(a, b takedown.Demand) int {
		return cmp.Or(changed(a).Compare(changed(b)), cmp.Compare(a.Seq, b.Seq))
	})
	open := s.at("/sites/"+site.Key+"/transparency") + "?lang=" + w.Lang() + "#demands"
	more := &button{w.T("withheld.register"), open}
	if c.Withheld != nil {
		if !last.Ended.IsZero() { // another stands, of which its writer was told
			if c.DecidedAt.Before(last.Ended) {
				return outcome{}, false
			}
			last = *standing(demands)
		}
		why := append(factsOf(w, last), w.T("mail.withheld.then"))
		return outcome{w.T("mail.withheld.became"), why, more}, false
	}
	slip := last.Ended.Sub(last.At) < undoWindow
	switch {
	case c.DecidedAt.After(last.Ended), slip && c.DecidedAt.After(last.At.Add(-undoWindow)):
		return outcome{}, true
	case slip:
		return outcome{}, false
	}
	why := append([]string{w.T("mail.restored.then")}, factsOf(w, last)...)
	if last.Why != "" && last.Public != takedown.Sealed {
		why = append(why, fact(w.T("mail.restored.why"), last.Why))
	}
	return outcome{w.T("mail.restored.became"), why, more}, false
}

// standing is the last demand that stands; there is one.
func standing(demands []takedown.Demand) (d *takedown.Demand) {
	for i := range demands {
		if demands[i].Ended.IsZero() {
			d = &demands[i]
		}
	}
	return d
}

// factsOf are sentences on who demands what, as far as everybody may know it; and of what is public in full the
// reference, too, by which its writer can contest it.
func factsOf(w *i18n.Catalog, d takedown.Demand) (all []string) {
	for _, t := range w.Withheld(i18n.Notice(d.Notice()))[1:] {
		all = append(all, fact(t.Label, t.Value))
	}
	if d.Public == takedown.Full && d.Reference != "" {
		all = append(all, fact(w.T("withheld.reference"), d.Reference))
	}
	return all
}

// fact is a sentence that tells one thing, which somebody typed.
func fact(label, value string) string {
	return label + ": " + strings.TrimSuffix(text.BreakLinks(text.Excerpt(value, excerptLength)), ".") + "."
}
