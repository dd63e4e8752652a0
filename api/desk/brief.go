package desk

import "github.com/aitys/aitys/moderation/comment"

// A Brief is a summary of a comment for lists. Whole is the full source text.
type Brief struct {
	ID, Name, Text, URL, ISO, When, Did, Score string
	Whole, Lang                                string
	Approved                                   bool
}

// Briefs returns summaries of comments of the visit's site. Comments that no longer exist are omitted.
func (r Base) Briefs(v *Visit, ids []string) ([]Brief, error) {
	stories, err := r.moderation.ItemHistories(v.Ctx(), v.Actor, v.Site, ids...)
	if err != nil {
		return nil, err
	}
	m := &cardMaker{Catalog: v.Words, site: v.Site} // no cards are made, so staff names are not needed
	var rows []Brief
	for _, s := range stories {
		c := s.Comment
		row := Brief{
			ID:       c.ID,
			Name:     m.writer(c),
			Text:     shorten(c.Source, 280),
			Did:      m.stateWords(c),
			URL:      v.SitePath("/comments/" + c.ID),
			ISO:      ISO(c.CreatedAt),
			When:     Stamp(c.CreatedAt),
			Whole:    c.Source,
			Lang:     c.Lang,
			Approved: c.State == comment.Approved,
		}
		if last := lastDecision(s.History); last != nil {
			row.Did = m.decisionText(last.Entry, last.Name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
