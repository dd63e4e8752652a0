package mail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
)

// An outcome describes the last change of a comment to its commenter: a sentence, reasons, and a link to details. The
// zero outcome means that no mail is needed.
type outcome struct {
	summary string
	why     []string
	more    *button
}

// outcomeOf returns the last change of a comment: a decision, or a takedown that withheld or restored it. It ignores a
// takedown that ended within undoWindow, which was not mailed.
func (s *Service) outcomeOf(tx Tx, w *i18n.Catalog, site site.Site, c comment.Comment) (f outcome, err error) {
	if c.State == comment.Approved {
		demands, err := tx.TakedownsOf(site.ID, c.ID, c.Page)
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

// takedownOutcome returns the last effect of takedowns on an approved comment. decided reports that the approval came
// later.
func (s *Service) takedownOutcome(
	w *i18n.Catalog, site site.Site, c comment.Comment, demands []takedown.Takedown,
) (f outcome, decided bool) {
	changed := func(d takedown.Takedown) time.Time {
		if d.Ended.IsZero() {
			return d.At
		}
		return d.Ended
	}
	if len(demands) == 0 {
		return outcome{}, true
	}
	last := slices.MaxFunc(demands, func(a, b takedown.Takedown) int {
		return cmp.Or(changed(a).Compare(changed(b)), cmp.Compare(a.Seq, b.Seq))
	})
	open := s.serviceURL("/sites/"+site.Key+"/transparency") + "?lang=" + w.Lang() + "#demands"
	more := &button{w.T("withheld.register"), open}
	if c.Withheld != nil {
		if !last.Ended.IsZero() { // another takedown is still active, and a mail about it was sent
			if c.DecidedAt.Before(last.Ended) {
				return outcome{}, false
			}
			last = *lastActive(demands)
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

// lastActive returns the last active takedown, or nil.
func lastActive(demands []takedown.Takedown) (d *takedown.Takedown) {
	for i := range demands {
		if demands[i].Ended.IsZero() {
			d = &demands[i]
		}
	}
	return d
}

// factsOf returns the public facts of a takedown. A fully public one includes the reference, by which the commenter can
// contest it.
func factsOf(w *i18n.Catalog, d takedown.Takedown) (all []string) {
	for _, t := range w.WithheldNotice(i18n.Notice(d.Notice()))[1:] {
		all = append(all, fact(t.Label, t.Value))
	}
	if d.Public == takedown.Full && d.Reference != "" {
		all = append(all, fact(w.T("withheld.reference"), d.Reference))
	}
	return all
}

// fact returns a sentence with a label and a typed value.
func fact(label, value string) string {
	return label + ": " + strings.TrimSuffix(text.BreakLinks(text.Excerpt(value, excerptLength)), ".") + "."
}
