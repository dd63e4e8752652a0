package notify

import (
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/words"
)

// toReader makes a letter to a reader, if it needs to be sent still.
func (s *Service) toReader(m Mail, site ground.Site, now time.Time) (*letter, error) {
	w := words.In(m.Reader.Lang)
	if w == nil {
		w = words.In(words.Languages[0].Key)
	}
	t := &letter{ID: m.ID, To: m.Reader.Address, FromName: site.Name}
	p := part{Lang: w.Lang()}
	var needed bool
	switch mailbox.Kind(m.Kind) {
	case mailbox.Code:
		needed = s.code(w, m, site, now, t, &p)
	}
	if !needed || t.To == "" {
		return nil, nil
	}
	return t, t.finish(p)
}

// code says the code by which somebody shows that the address is theirs.
func (s *Service) code(
	w *words.Catalog, m Mail, site ground.Site, now time.Time, t *letter, p *part,
) (needed bool) {
	p.Code = mailbox.CodeOf(s.secret, m.ID)
	t.Subject = w.T("mail.code.subject", "site", site.Name, "code", p.Code)
	p.Lead = w.T("mail.code.lead", "site", site.Name)
	p.Then, p.Foot = []string{w.T("mail.code.once")}, w.T("mail.code.not")
	return now.Before(m.CreatedAt.Add(mailbox.CodeLife))
}
