package transfer

import (
	"encoding/xml"
	"io"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// readWordPress reads what WordPress writes under Tools, Export (WXR 1.0 to 1.2), as of its
// wp-admin/includes/export.php. The elements' prefixes are always wp:, their namespaces differ by version.
func readWordPress(in io.Reader, to teller) error {
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
func readPost(x *elements, to teller) error {
	var post page
	fields := map[string]string{}
	return x.fields(func(field xml.StartElement) (bool, error) {
		switch name := wordPressName(field); name {
		case "wp:comment":
			return true, readReply(x, post, fields, to)
		case "link", "title", "wp:post_date_gmt", "wp:comment_status", "wp:status", "wp:post_type":
			text, err := x.text()
			fields[name] = strings.TrimSpace(text)
			post = page{url: fields["link"], title: fields["title"], closed: fields["wp:comment_status"] == "closed",
				at: wordPressTime(fields["wp:post_date_gmt"])}
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

func readReply(x *elements, post page, of map[string]string, to teller) error {
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
		to.skip("comment", "it is a "+kind+", which another site's program wrote")
		return nil
	case kind != "" && kind != "comment":
		to.skip("comment", "it is of a kind that is no comment, such as a review or a note on an order")
		return nil
	case of["wp:post_type"] == "nav_menu_item":
		to.skip("comment", "it stands below an entry of a menu")
		return nil
	}
	r := record{
		page: post, id: f["id"], parent: f["parent"], name: f["author"], email: f["author_email"],
		website: f["author_url"], address: f["author_IP"], html: f["content"], lines: true,
	}
	if r.parent == "0" {
		r.parent = ""
	}
	if r.at = wordPressTime(f["date_gmt"]); r.at.IsZero() {
		r.at = wordPressTime(f["date"])
	}
	switch f["approved"] {
	case "1", "approve":
		r.state = comment.Approved
	case "spam":
		r.state = comment.Spam
	case "trash", "post-trashed":
		r.state, r.deleted = comment.Rejected, true
	}
	return to.comment(r)
}

// wordPressTime reads a time; zero where it is none, as 0000-00-00 00:00:00.
func wordPressTime(s string) time.Time {
	t, err := time.Parse(time.DateTime, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
