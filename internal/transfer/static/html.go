package static

import (
	"cmp"
	_ "embed"
	"html/template"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
)

//go:embed page.html
var pageHTML string

var templates = template.Must(template.New("").Parse(pageHTML))

// A view is the data of the template "head".
type view struct {
	*i18n.Catalog
	Heading string
	Note    string
	Article string
}

func (s *pageWriter) view(count int) view {
	v := view{Catalog: s.w, Heading: s.w.T("plain.none", "title", s.page.Name()), Article: s.page.URL,
		Note: s.w.T("copy.of", "date", s.w.Date(s.c.report.At))}
	if count > 0 {
		v.Heading = s.w.N("plain.count", count, "title", s.page.Name())
	}
	return v
}

// A commentView is the data of the template "comment".
type commentView struct {
	*i18n.Catalog
	ID, Name, Website, Badge string
	Time, Machine, Tongue    string // for people, as RFC 3339, and the language if it is not the page's
	HTML                     template.HTML
	Gone, Redacted           bool
	Withheld                 []i18n.NoticeItem
}

func (s *pageWriter) comment(m comment.Comment) commentView {
	w := s.w
	v := commentView{Catalog: w, ID: m.ID, Gone: !m.IsPublic()}
	if v.Gone {
		if m.Withheld != nil {
			v.Withheld = w.WithheldNotice(i18n.Notice(*m.Withheld))
		}
		return v
	}
	v.Name, v.Website = cmp.Or(m.Name, w.T("read.anonymous")), m.Website
	at := m.CreatedAt.UTC()
	v.Time, v.Machine = w.T("plain.at", "date", w.Date(at), "time", at.Format("15:04")), at.Format(time.RFC3339)
	if m.Badge != "" {
		v.Badge = w.T("role." + m.Badge)
	}
	v.Redacted = !m.RedactedAt.IsZero()
	v.HTML = template.HTML(m.HTML()) // safe: package markup rendered it from the source
	if m.Lang != w.Lang() && m.Lang != "und" {
		v.Tongue = m.Lang
	}
	return v
}
