package desk

import "github.com/aitys/aitys/moderation/comment"

// A Brief is a comment in a few words, to be looked at again. Whole is all of its text, as it was typed.
type Brief struct {
	ID, Name, Text, URL, ISO, When, Did, Score string
	Whole, Lang                                string
	Approved                                   bool
}

// Briefs are comments of the visit's site. One that is gone has none.
func (r Room) Briefs(v *Visit, ids []string) ([]Brief, error) {
	stories, err := r.moderation.Stories(v.Ctx(), v.Who, v.Site, ids...)
	if err != nil {
		return nil, err
	}
	m := &cardMaker{Catalog: v.Words, site: v.Site} // no card is made, and so nobody's name is needed
	var rows []Brief
	for _, s := range stories {
		c := s.Comment
		row := Brief{
			ID:       c.ID,
			Name:     m.writer(c),
			Text:     shorten(c.Source, 280),
			Did:      m.stateWords(c),
			URL:      v.At("/comments/" + c.ID),
			ISO:      ISO(c.CreatedAt),
			When:     Stamp(c.CreatedAt),
			Whole:    c.Source,
			Lang:     c.Lang,
			Approved: c.State == comment.Approved,
		}
		if last := lastDecision(s.Past); last != nil {
			row.Did = m.decided(last.Entry, last.Name)
		}
		rows = append(rows, row)
	}
	return rows, nil
}
