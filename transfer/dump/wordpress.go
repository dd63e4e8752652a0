package dump

import (
	"encoding/xml"
	"io"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// readWordPress reads what WordPress writes under Tools, Export (WXR 1.0 to 1.2), as of its
// wp-admin/includes/export.php. The elements' prefixes are always wp:, their namespaces differ by version.
func readWordPress(in io.Reader, to Teller) error {
	x := newElements(in)
	root, err := x.root()
	if err != nil {
		return err
	}
	if root.Name.Local != "rss" {
		return notA("WordPress export", root)
	}
	return x.fields(func(channel xml.StartElement) (bool, error) {
		if channel.Name.Local != "channel" {
			return false, nil
		}
		return true, x.fields(func(item xml.StartElement) (bool, error) {
			if item.Name.Local != "item" {
				return false, nil
			}
			return true, readPost(x, to)
		})
	})
}

// readPost reads a post, whose comments come after what is said of it.
func readPost(x *elements, to Teller) error {
	var post Page
	fields := map[string]string{}
	return x.fields(func(field xml.StartElement) (bool, error) {
		switch name := wordPressName(field); name {
		case "wp:comment":
			return true, readReply(x, post, fields, to)
		case "link", "title", "wp:post_date_gmt", "wp:comment_status", "wp:status", "wp:post_type":
			text, err := x.text()
			fields[name] = strings.TrimSpace(text)
			post = Page{URL: fields["link"], Title: fields["title"], Closed: fields["wp:comment_status"] == "closed",
				At: wordPressTime(fields["wp:post_date_gmt"])}
			return true, err
		}
		return false, nil
	})
}

// wordPressName is an element's name with the prefix that it is known by; other prefixes are no matter here.
func wordPressName(e xml.StartElement) string {
	if strings.HasPrefix(e.Name.Space, "http://wordpress.org/export/") || e.Name.Space == "wp" {
		return "wp:" + e.Name.Local
	}
	if e.Name.Space != "" {
		return e.Name.Space + ":" + e.Name.Local
	}
	return e.Name.Local
}

func readReply(x *elements, post Page, of map[string]string, to Teller) error {
	f := map[string]string{}
	err := x.fields(func(field xml.StartElement) (bool, error) {
		name, known := strings.CutPrefix(wordPressName(field), "wp:comment_")
		if !known {
			return false, nil
		}
		text, err := x.text()
		f[name] = text
		return true, err
	})
	if err != nil {
		return err
	}
	switch kind := f["type"]; {
	case kind == "pingback" || kind == "trackback":
		to.Skip("comment", "it is a "+kind+", which another site's program wrote")
		return nil
	case kind != "" && kind != "comment":
		to.Skip("comment", "it is of a kind that is no comment, such as a review or a note on an order")
		return nil
	case of["wp:post_type"] == "nav_menu_item":
		to.Skip("comment", "it stands below an entry of a menu")
		return nil
	}
	r := Record{
		Page: post, ID: f["id"], Parent: f["parent"], Name: f["author"], Email: f["author_email"],
		Website: f["author_url"], Address: f["author_IP"], HTML: f["content"], Lines: true,
	}
	if r.Parent == "0" {
		r.Parent = ""
	}
	if r.At = wordPressTime(f["date_gmt"]); r.At.IsZero() {
		r.At = wordPressTime(f["date"])
	}
	switch f["approved"] {
	case "1", "approve":
		r.State = comment.Approved
	case "spam":
		r.State = comment.Spam
	case "trash", "post-trashed":
		r.State, r.Deleted = comment.Rejected, true
	}
	return to.Comment(r)
}

// wordPressTime reads a time; zero where it is none, as 0000-00-00 00:00:00.
func wordPressTime(s string) time.Time {
	t, err := time.Parse(time.DateTime, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
