package reader

import (
	"cmp"
	_ "embed"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
)

//go:embed plain.html
var plainHTML string

var plainTemplate = template.Must(template.New("plain").Funcs(template.FuncMap{
	// A comment is shown together with the page it stands on: its words, and whether it is open.
	"on": func(w *plainView, c *plainComment) any {
		return struct {
			W *plainView
			C *plainComment
		}{w, c}
	},
}).Parse(plainHTML))

// plainView is what plain.html shows.
type plainView struct {
	*i18n.Catalog
	Heading string
	Article string // the article's address, when it is the site's
	Title   string // of the page, to go with a comment: a link here may say any
	Thread  []*plainComment
	Rules   string
	SignIn  string
	Open    bool
	Members bool   // only who is signed in may write
	Named   bool   // a name is asked for
	Mailed  bool   // and an e-mail address
	Proof   bool   // that is shown to be theirs by a mailed code
	Asking  bool   // and none was mailed yet
	Tells   bool   // the service sends mail
	Heard   string // of a report
	Notice  string
	Problem string
	Typed   draft
	ReplyTo string
	Token   string
	Own     []ownShown
	MaxPlea int // characters of an appeal
	Action  string
	More    string
	First   string
	Script  string // the version of times.js
	Form    string // of a time, for it
	Feed    string
	Openly  string // how the site moderates
	Privacy string // what is held about somebody
	Data    *pageData
}

// plainComment is one comment with its replies below it.
type plainComment struct {
	ID, Badge, Lang string
	Name            any // a string, which the template escapes
	Website         string
	Time, Machine   string
	HTML            template.HTML
	Gone, Redacted  bool
	Withheld        []i18n.Told // instead of what is gone, about the demand under which it is not shown
	ReplyLink       string
	ReportLink      string
	Replies         []*plainComment
	depth           int
}

// ownShown is a writer's own comment that is not public, and why.
type ownShown struct {
	ID, Status, Note string
	Why              string // it was refused, and by whom
	HTML             template.HTML
	Redacted         string // why a part was taken out
	Look             string // what became of the second look that was asked for
	MayAppeal        bool
	Plea, Problem    string // what was said against the refusal, and why it did not get through
}

func newPlainView(c echo.Context, blog site.Site, w *i18n.Catalog, t moderation.Thread) *plainView {
	v := &plainView{
		Catalog: w,
		Title:   cmp.Or(t.Page.Title, c.QueryParam("title")),
		Heading: headingOf(w, t.Count, t.Page.Name()),
		Rules:   web.Rules(blog, w),
		SignIn:  blog.Settings.SignInURL,
		Open:    t.Page.Open,
		Action:  plainLink(c),
		Thread:  nest(c, w, t.Comments),
		Script:  timesFile.Version,
		Form:    formOfTime(w),
		MaxPlea: report.MaxText,
	}
	v.Privacy = "/sites/" + blog.Key + "/privacy?" + url.Values{"lang": {w.Lang()}}.Encode()
	v.Openly = "/sites/" + blog.Key + "/transparency?" + url.Values{"lang": {w.Lang()}}.Encode()
	who := blog.Settings.Asks()
	v.Members, v.Mailed = who == site.WhoAccount, who == site.WhoEmail || who == site.WhoVerified
	v.Named = who == site.WhoEmail || who == site.WhoName
	if v.SignIn == "" {
		v.SignIn = "/moderate/signin"
	}
	if ofSite(blog, t.Page.URL) {
		v.Article, v.Data = t.Page.URL, newPageData(w, t)
		v.Feed = "/sites/" + blog.Key + "/feed.atom?" + url.Values{"page": {t.Page.URL}}.Encode()
	}
	switch c.QueryParam("notice") {
	case "again":
		v.Notice = w.T("write.again") + " " + w.T("write.againMore")
	case "asked":
		v.Notice = w.T("told.confirm")
	case "told":
		v.Notice = w.T("told.on")
	case "untold":
		v.Notice = w.T("told.off")
	case "reported":
		v.Heard = w.T("report.thanks")
	case "repeated":
		v.Heard = w.T("report.repeated")
	}
	if t.Next != "" {
		v.More = plainLink(c, "after", t.Next)
	}
	if c.QueryParam("after") != "" {
		v.First = plainLink(c)
	}
	return v
}

// Seen is the text as it will be shown, once it was pressed to be posted.
func (d draft) Seen() template.HTML { return template.HTML(d.Press.HTML) }

// Wait says how long it is until the second press.
func (v *plainView) Wait() string { return v.N("plain.press", int(v.Typed.Press.Wait/time.Second)) }

// plainLink is the address of this page with one parameter more.
func plainLink(c echo.Context, more ...string) string {
	q := url.Values{}
	for _, name := range []string{"url", "lang", "sort", "title"} {
		if value := c.QueryParam(name); value != "" {
			q.Set(name, value)
		}
	}
	if len(more) == 2 {
		q.Set(more[0], more[1])
	}
	return "?" + q.Encode()
}

// ofSite says that an address belongs to one of the site's origins: no other is linked to.
func ofSite(site site.Site, page string) bool {
	u, err := url.Parse(page)
	return err == nil && slices.Contains(site.Origins, strings.ToLower(u.Scheme+"://"+u.Host))
}

// nest puts replies below what they answer. What answers a comment of an earlier page stands
// at the top.
func nest(c echo.Context, w *i18n.Catalog, flat []comment.Comment) []*plainComment {
	var roots, above []*plainComment
	for _, m := range flat {
		n := newPlainComment(c, w, m)
		for len(above) > 0 && above[len(above)-1].depth >= n.depth {
			above = above[:len(above)-1]
		}
		if len(above) == 0 {
			roots = append(roots, n)
		} else {
			parent := above[len(above)-1]
			parent.Replies = append(parent.Replies, n)
		}
		above = append(above, n)
	}
	return roots
}

func newPlainComment(c echo.Context, w *i18n.Catalog, m comment.Comment) *plainComment {
	n := &plainComment{ID: m.ID, depth: m.Depth, Gone: !m.IsPublic()}
	if n.Gone {
		if m.Withheld != nil {
			n.Withheld = w.Withheld(i18n.Notice(*m.Withheld))
		}
		return n
	}
	n.Name, n.Website = nameOf(w, m.Name), m.Website
	n.Time, n.Machine = timeOf(w, m.CreatedAt), m.CreatedAt.UTC().Format(time.RFC3339)
	if m.Badge != "" {
		n.Badge = w.T("role." + m.Badge)
	}
	n.Redacted = !m.RedactedAt.IsZero()
	n.HTML = template.HTML(m.HTML) // canonical: made by package markup from the source
	if m.Lang != w.Lang() && m.Lang != "und" {
		n.Lang = m.Lang
	}
	n.ReportLink = plainLink(c, "report", m.ID)
	n.ReplyLink = plainLink(c, "reply", m.ID) + "#write"
	return n
}
