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
	// "on" passes a comment together with its page's view to a template.
	"on": func(w *plainView, c *plainComment) any {
		return struct {
			W *plainView
			C *plainComment
		}{w, c}
	},
}).Parse(plainHTML))

// plainView is the data of plain.html.
type plainView struct {
	*i18n.Catalog
	Heading         string
	Article         string // the article's address if it belongs to the site, otherwise ""
	Title           string // page title to submit with a comment; may come from the query, so it is untrusted
	Thread          []*plainComment
	Rules           string
	SignIn          string
	Open            bool
	Members         bool   // commenters must sign in
	Named           bool   // a name is required
	Mailed          bool   // an e-mail address is required
	Proof           bool   // the address must be confirmed with a mailed code
	NeedsCode       bool   // no code was mailed yet
	Mailing         bool   // the server sends mail
	ReportResult    string // the result of a report
	Notice          string
	Problem         string
	Typed           draft
	ReplyTo         string
	Token           string
	Own             []ownShown
	MaxAppeal       int // maximum length of an appeal in characters
	Action          string
	More            string
	First           string
	Script          string // version of times.js
	Form            string // time format for times.js
	Feed            string
	TransparencyURL string // link to the transparency page
	Privacy         string // link to the privacy page
	Data            *pageData
}

// plainComment is a comment with its replies.
type plainComment struct {
	ID, Badge, Lang string
	Name            any // a string, which the template escapes
	Website         string
	Time, Machine   string
	HTML            template.HTML
	Gone, Redacted  bool
	Withheld        []i18n.NoticeItem // notice about the takedown that hides the comment, if one does
	ReplyLink       string
	ReportLink      string
	Replies         []*plainComment
	depth           int
}

// ownShown is a commenter's own unpublished comment with its status.
type ownShown struct {
	ID, Status, Note    string
	Why                 string // explains the refusal and who decided; "" if pending
	HTML                template.HTML
	Redacted            string // why a part was redacted; "" if none was
	AppealStatus        string // status of the appeal; "" if there is none
	MayAppeal           bool
	AppealText, Problem string // text and error of an appeal that failed
}

func newPlainView(c echo.Context, blog site.Site, w *i18n.Catalog, t moderation.Thread) *plainView {
	v := &plainView{
		Catalog:   w,
		Title:     cmp.Or(t.Page.Title, c.QueryParam("title")),
		Heading:   headingOf(w, t.Count, t.Page.Name()),
		Rules:     web.Rules(blog, w),
		SignIn:    blog.Settings.SignInURL,
		Open:      t.Page.Open,
		Action:    plainLink(c),
		Thread:    nest(c, w, t.Comments),
		Script:    timesFile.Version,
		Form:      timeFormat(w),
		MaxAppeal: report.MaxText,
	}
	v.Privacy = "/sites/" + blog.Key + "/privacy?" + url.Values{"lang": {w.Lang()}}.Encode()
	v.TransparencyURL = "/sites/" + blog.Key + "/transparency?" + url.Values{"lang": {w.Lang()}}.Encode()
	who := blog.Settings.RequiredIdentity()
	v.Members, v.Mailed = who == site.IdentityAccount, who == site.IdentityEmail || who == site.IdentityVerified
	v.Named = who == site.IdentityEmail || who == site.IdentityName
	if v.SignIn == "" {
		v.SignIn = "/moderate/signin"
	}
	if isSitePage(blog, t.Page.URL) {
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
		v.ReportResult = w.T("report.thanks")
	case "repeated":
		v.ReportResult = w.T("report.repeated")
	}
	if t.Next != "" {
		v.More = plainLink(c, "after", t.Next)
	}
	if c.QueryParam("after") != "" {
		v.First = plainLink(c)
	}
	return v
}

// Seen returns the preview of the comment that awaits confirmation.
func (d draft) Seen() template.HTML { return template.HTML(d.Confirmation.HTML) }

// Wait says in how many seconds the comment can be confirmed.
func (v *plainView) Wait() string {
	return v.N("plain.press", int(v.Typed.Confirmation.Wait/time.Second))
}

// plainLink returns the query of this page, with an optional additional parameter: a name and a value.
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

// isSitePage reports whether a page belongs to one of the site's origins. Other pages are not linked.
func isSitePage(site site.Site, page string) bool {
	u, err := url.Parse(page)
	return err == nil && slices.Contains(site.Origins, strings.ToLower(u.Scheme+"://"+u.Host))
}

// nest arranges replies below their parents. Replies to a comment of an earlier page become roots.
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
			n.Withheld = w.WithheldNotice(i18n.Notice(*m.Withheld))
		}
		return n
	}
	n.Name, n.Website = nameOf(w, m.Name), m.Website
	n.Time, n.Machine = timeOf(w, m.CreatedAt), m.CreatedAt.UTC().Format(time.RFC3339)
	if m.Badge != "" {
		n.Badge = w.T("role." + m.Badge)
	}
	n.Redacted = !m.RedactedAt.IsZero()
	n.HTML = template.HTML(m.HTML()) // canonical: made by package markup from the source
	if m.Lang != w.Lang() && m.Lang != "und" {
		n.Lang = m.Lang
	}
	n.ReportLink = plainLink(c, "report", m.ID)
	n.ReplyLink = plainLink(c, "reply", m.ID) + "#write"
	return n
}
