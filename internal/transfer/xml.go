package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/xml"
	"html"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// A markupWriter writes XML elements one by one, with one in memory. After an error it writes nothing; see err.
type markupWriter struct {
	out io.Writer
	xml *xml.Encoder
	err error
}

func newMarkupWriter(out io.Writer) *markupWriter {
	w := &markupWriter{out: out, xml: xml.NewEncoder(out)}
	w.raw(xml.Header)
	return w
}

// raw writes text that is XML already.
func (w *markupWriter) raw(text string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, text)
	}
}

func (w *markupWriter) put(element any) {
	if w.err == nil {
		w.err = w.xml.Encode(element)
		w.raw("\n")
	}
}

// fields writes elements. all alternates names and texts.
func (w *markupWriter) fields(all ...string) {
	type field struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	for i := 0; i < len(all); i += 2 {
		w.put(field{xml.Name{Local: all[i]}, all[i+1]})
	}
}

// cdata is text in a CDATA section, which some importers search for.
type cdata struct {
	Text string `xml:",cdata"`
}

// cdataOf returns a text without the characters that XML does not allow.
func cdataOf(text string) cdata {
	return cdata{strings.Map(func(r rune) rune {
		if dump.UnfitForXML(r) {
			return -1
		}
		return r
	}, text)}
}

// numericID derives a numeric ID from an ID, for services with numeric IDs. Among a million IDs, the probability of a
// collision is below 1 in 10,000.
func numericID(id string) string {
	if id == "" {
		return "0"
	}
	sum := sha256.Sum256([]byte(id))
	return strconv.FormatUint(binary.BigEndian.Uint64(sum[:8])>>10|1, 10) // 54 bits, since some importers read floats
}

// Elements that importers read. https://help.disqus.com/en/articles/1717164-comments-export describes the format.
type disqusThreadOut struct {
	XMLName  xml.Name      `xml:"thread"`
	Number   string        `xml:"dsq:id,attr"`
	ID       string        `xml:"id"`
	Forum    string        `xml:"forum"`
	Category disqusRef     `xml:"category"`
	Link     string        `xml:"link"`
	Title    string        `xml:"title"`
	Message  string        `xml:"message"`
	At       string        `xml:"createdAt"`
	Author   *disqusAuthor `xml:"author"`
	Closed   bool          `xml:"isClosed"`
	Deleted  bool          `xml:"isDeleted"`
}

type disqusRef struct {
	Number string `xml:"dsq:id,attr"`
}

type disqusAuthor struct {
	Email     string `xml:"email,omitempty"`
	Name      string `xml:"name"`
	Anonymous bool   `xml:"isAnonymous"`
}

type disqusPostOut struct {
	XMLName xml.Name     `xml:"post"`
	Number  string       `xml:"dsq:id,attr"`
	ID      string       `xml:"id"`
	Message cdata        `xml:"message"`
	At      string       `xml:"createdAt"`
	Deleted bool         `xml:"isDeleted"`
	Spam    bool         `xml:"isSpam"`
	Author  disqusAuthor `xml:"author"`
	Thread  disqusRef    `xml:"thread"`
	Parent  *disqusRef   `xml:"parent"`
}

const disqusHead = `<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ` +
	`xsi:schemaLocation="http://disqus.com/api/schemas/1.0/disqus.xsd ` +
	`http://disqus.com/api/schemas/1.0/disqus-internals.xsd">` + "\n"

// disqus writes the export format of Disqus: threads, and then posts. The format has no state for pending and withheld
// comments, and other services would publish them. They become deleted posts without author and text.
func (r *siteReader) disqus(out io.Writer) error {
	w := newMarkupWriter(out)
	w.raw(disqusHead + `<category dsq:id="1"><forum>` + r.site.Key +
		"</forum><title>General</title><isDefault>true</isDefault></category>\n")
	err := r.pages(func(p site.Page) error {
		w.put(disqusThreadOut{
			Number:   numericID(p.ID),
			Forum:    r.site.Key,
			Category: disqusRef{"1"},
			Link:     p.URL,
			Title:    html.EscapeString(p.Title),
			At:       stamp(p.CreatedAt),
			Author:   &disqusAuthor{Anonymous: true},
			Closed:   !p.Open,
		})
		return w.err
	})
	if err != nil {
		return err
	}
	err = r.pages(func(p site.Page) error {
		return r.currentComments(p, func(c comment.Comment) error {
			if !c.IsPublic() && !c.Refused() || c.Withheld != nil {
				c = emptied(c)
			}
			post := disqusPostOut{
				Number:  numericID(c.ID),
				Message: cdataOf(c.HTML()),
				At:      stamp(c.CreatedAt),
				Deleted: !c.IsPublic() && c.State != comment.Spam || c.Withheld != nil,
				Spam:    c.State == comment.Spam,
				Author:  disqusAuthor{c.Email, html.EscapeString(c.Name), true},
				Thread:  disqusRef{numericID(p.ID)},
			}
			if c.Parent != "" {
				post.Parent = &disqusRef{numericID(c.Parent)}
			}
			w.put(post)
			return w.err
		})
	})
	if err != nil {
		return err
	}
	w.raw("</disqus>\n")
	return w.err
}

// A wxrComment is a comment as WordPress's wp-admin/includes/export.php writes it.
type wxrComment struct {
	XMLName  xml.Name `xml:"wp:comment"`
	Number   string   `xml:"wp:comment_id"`
	Author   cdata    `xml:"wp:comment_author"`
	Email    cdata    `xml:"wp:comment_author_email"`
	Website  string   `xml:"wp:comment_author_url"`
	IP       string   `xml:"wp:comment_author_IP"`
	Date     string   `xml:"wp:comment_date"`
	DateGMT  string   `xml:"wp:comment_date_gmt"`
	Content  cdata    `xml:"wp:comment_content"`
	Approved string   `xml:"wp:comment_approved"`
	Type     string   `xml:"wp:comment_type"`
	Parent   string   `xml:"wp:comment_parent"`
	User     int      `xml:"wp:comment_user_id"`
}

const wxrHead = `<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/" ` +
	`xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wfw="http://wellformedweb.org/CommentAPI/" ` +
	`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dsq="http://www.disqus.com/" ` +
	`xmlns:wp="http://wordpress.org/export/1.2/">` + "\n<channel>\n"

// wxrState returns WordPress's name for the state of a comment: "0" is pending.
func wxrState(c comment.Comment) string {
	switch {
	case c.IsPublic():
		return "1"
	case c.State == comment.Spam:
		return "spam"
	case c.State == comment.Rejected, c.State == comment.Removed:
		return "trash"
	}
	return "0" // pending, or withheld
}

// wxr writes the export format of WordPress: a post for each page, without its text, with its comments.
func (r *siteReader) wxr(out io.Writer) error {
	w := newMarkupWriter(out)
	w.raw(wxrHead)
	home := r.site.Origins[0]
	w.fields("title", r.site.Name, "link", home, "description", "", "wp:wxr_version", "1.2", "wp:base_site_url", home,
		"wp:base_blog_url", home)
	n := 0
	err := r.pages(func(p site.Page) error {
		n++
		w.raw("<item>\n")
		w.post(p, n)
		err := r.currentComments(p, func(c comment.Comment) error {
			w.put(wxrComment{
				Number:   numericID(c.ID),
				Author:   cdataOf(html.EscapeString(c.Name)),
				Email:    cdataOf(c.Email),
				Website:  c.Website,
				Date:     c.CreatedAt.Format(time.DateTime),
				DateGMT:  c.CreatedAt.Format(time.DateTime),
				Content:  cdataOf(c.HTML()),
				Approved: wxrState(c),
				Type:     "comment",
				Parent:   numericID(c.Parent),
			})
			return w.err
		})
		w.raw("</item>\n")
		return err
	})
	if err != nil {
		return err
	}
	w.raw("</channel>\n</rss>\n")
	return w.err
}

// post writes the elements of a post. It includes the thread identifier of Disqus, which imports this format, too.
func (w *markupWriter) post(p site.Page, n int) {
	status := "closed"
	if p.Open {
		status = "open"
	}
	at := p.CreatedAt.Format(time.DateTime)
	w.fields("title", html.EscapeString(p.Title), "link", p.URL, "pubDate", p.CreatedAt.Format(time.RFC1123Z), "dc:creator", "",
		"content:encoded", "", "dsq:thread_identifier", p.URL, "wp:post_id", strconv.Itoa(n), "wp:post_date", at,
		"wp:post_date_gmt", at, "wp:comment_status", status, "wp:ping_status", "closed", "wp:status", "publish",
		"wp:post_parent", "0", "wp:post_type", "post")
}
