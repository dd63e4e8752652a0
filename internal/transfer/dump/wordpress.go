package dump

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// A wordPressFile is an export of WordPress (Tools, Export; WXR 1.0 to 1.2), by its wp-admin/includes/export.php.
type wordPressFile struct {
	x       *xmlReader
	to      Handler
	hasWP   bool                              // an element of WordPress was found
	parents func() (map[string]string, error) // why posts are hidden, by ID; read on demand
}

// A wordPressItem is a post, page, attachment or other thing that has comments.
type wordPressItem struct {
	fields      map[string]string
	hidden      string
	hasComments bool // one of its comments was read
}

func readWordPress(ctx context.Context, f *File, to Handler) error {
	var known map[string]string
	parents := func() (map[string]string, error) {
		if known != nil {
			return known, nil
		}
		known = map[string]string{}
		return known, readWXR(ctx, f, discard{}, func(w *wordPressFile) error {
			return w.items(func() error { return cmp.Or(w.note(known), f.CheckRecords(len(known))) })
		})
	}
	return readWXR(ctx, f, to, func(w *wordPressFile) error {
		w.parents = parents
		if err := w.items(w.item); err != nil {
			return err
		}
		if !w.hasWP {
			return errors.New("it is a feed, and no WordPress export: it has no element of WordPress. Save one at Tools, " +
				"Export, All content")
		}
		return nil
	})
}

// readWXR opens a file and reads its root.
func readWXR(ctx context.Context, f *File, to Handler, read func(w *wordPressFile) error) error {
	in, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	w := &wordPressFile{x: newXMLReader(in, "rss", to), to: to}
	root, err := w.x.root()
	if err != nil {
		return err
	}
	if root.Name.Local != "rss" {
		return notA("WordPress export", root)
	}
	return read(w)
}

// discard is a Handler that discards everything.
type discard struct{}

func (discard) Comment(Record) error { return nil }
func (discard) Skip(string, string)  {}

// items calls read at the beginning of each item.
func (w *wordPressFile) items(read func() error) error {
	return w.x.fields(func(channel xml.StartElement) error {
		if channel.Name.Local != "channel" {
			return w.x.skip(w.name(channel), nil)
		}
		return w.x.fields(func(e xml.StartElement) error {
			if name := w.name(e); name != "item" {
				return w.x.skip(name, wordPressUnread)
			}
			return read()
		})
	})
}

// item reads an item. Its own fields come before its comments.
func (w *wordPressFile) item() error {
	post := wordPressItem{fields: map[string]string{}}
	return w.x.fields(func(e xml.StartElement) error {
		name := w.name(e)
		if name != "wp:comment" {
			if err := w.field(&post, name); err != nil || !post.hasComments {
				return err
			}
		}
		hidden, err := post.whyHidden(w.parents)
		if err == nil && post.hasComments && hidden != post.hidden {
			err = fmt.Errorf("<%s> of an item comes after its comments: WordPress writes no such export", name)
		}
		if post.hidden = hidden; err != nil || name != "wp:comment" {
			return err
		}
		post.hasComments = true
		return w.comment(post)
	})
}

// note records why an item is hidden.
func (w *wordPressFile) note(known map[string]string) error {
	post := wordPressItem{fields: map[string]string{}}
	err := w.x.fields(func(e xml.StartElement) error { return w.field(&post, w.name(e)) })
	if err != nil {
		return err
	}
	nested := func() (map[string]string, error) { return nil, nil } // no attachment belongs to another
	hidden, err := post.whyHidden(nested)
	known[post.fields["wp:post_id"]] = hidden
	return err
}

// field reads a field of an item, or skips it.
func (w *wordPressFile) field(post *wordPressItem, name string) error {
	kind, read := wordPressPost[name]
	if !read {
		return w.x.skip(name, wordPressUnread)
	}
	text, err := w.x.text(kind.limit())
	post.fields[name] = strings.TrimSpace(kind.of(text))
	return err
}

// whyHidden returns why WordPress does not show an item to every reader, or "". An attachment has the status of the
// post that it belongs to; that of a post outside the file is unknown.
func (p wordPressItem) whyHidden(parents func() (map[string]string, error)) (string, error) {
	if p.fields["wp:post_password"] != "" {
		return "its post is protected by a password", nil
	}
	status, said := p.fields["wp:status"]
	kind := p.fields["wp:post_type"]
	switch parent := p.fields["wp:post_parent"]; {
	case !said, strings.EqualFold(status, "publish"):
		return "", nil
	case !strings.EqualFold(status, "inherit"), kind != "" && kind != "attachment":
		return "its post is not public: " + excerpt(status), nil
	case parent == "" || parent == "0":
		return "", nil
	default:
		known, err := parents()
		if hidden, found := known[parent]; !found || hidden != "" {
			return "its attachment belongs to a post that is not public", err
		}
		return "", err
	}
}

// page returns the item as a page.
func (p wordPressItem) page() Page {
	return Page{URL: p.fields["link"], Title: p.fields["title"], Closed: p.fields["wp:comment_status"] == "closed",
		At: wordPressTime(p.fields["wp:post_date_gmt"])}
}

// wxrNamespace matches the end of every version's namespace, with any scheme and host.
var wxrNamespace = regexp.MustCompile(`/export/[0-9.]+/?$`)

// name returns an element's name with the prefix wp: if it is one of WordPress, and its namespace if it is another's.
func (w *wordPressFile) name(e xml.StartElement) string {
	switch {
	case e.Name.Space == "wp", wxrNamespace.MatchString(e.Name.Space):
		w.hasWP = true
		return "wp:" + e.Name.Local
	case e.Name.Space != "":
		return e.Name.Space + ":/" + e.Name.Local
	}
	return e.Name.Local
}

func (w *wordPressFile) comment(post wordPressItem) error {
	f := map[string]string{}
	err := w.x.fields(func(e xml.StartElement) error {
		name := w.name(e)
		kind, read := wordPressComment[name]
		if !read {
			return w.x.skip(name, wordPressUnread)
		}
		text, err := w.x.text(kind.limit())
		f[strings.TrimPrefix(name, "wp:comment_")] = kind.of(text)
		return err
	})
	if err != nil {
		return err
	}
	switch kind := strings.TrimSpace(f["type"]); {
	case kind == "pingback" || kind == "trackback":
		w.to.Skip("comment", "it is a "+kind+", which another site's program wrote")
		return nil
	case kind != "" && kind != "comment":
		w.to.Skip("comment", "it is no comment but a "+excerpt(kind))
		return nil
	case post.fields["wp:post_type"] == "nav_menu_item":
		w.to.Skip("comment", "it belongs to a menu entry")
		return nil
	}
	r := Record{
		Page:    post.page(),
		ID:      f["id"],
		Parent:  f["parent"],
		Name:    f["author"],
		Email:   f["author_email"],
		Website: f["author_url"],
		Address: f["author_IP"],
		HTML:    f["content"],
		Lines:   true,
		Hidden:  post.hidden,
		Long:    len(f["content"]) > MaxMessage,
	}
	if r.Parent == "0" {
		r.Parent = ""
	}
	if r.At = wordPressTime(f["date_gmt"]); r.At.IsZero() {
		r.At = wordPressTime(f["date"])
	}
	switch strings.TrimSpace(f["approved"]) {
	case "1", "approve":
		r.State = comment.Approved
	case "spam":
		r.State = comment.Spam
	case "trash", "post-trashed":
		r.State, r.Deleted = comment.Rejected, true
	}
	return w.to.Comment(r)
}

// wordPressTime parses a time in UTC. It returns the zero time if s is none, such as 0000-00-00 00:00:00.
func wordPressTime(s string) time.Time {
	t, err := time.Parse(time.DateTime, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
