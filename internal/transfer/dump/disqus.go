package dump

import (
	"cmp"
	"encoding/xml"
	"io"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// A disqusThread is a page. Posts refer to it by its attribute dsq:id; its element <id> is usually empty.
type disqusThread struct {
	Page
	deleted bool
}

// readDisqus reads an export that Disqus mails (Community, Export): threads, and then posts in any order. It holds all
// threads in memory, and one post.
func readDisqus(in io.Reader, f *File, to Handler) error {
	x := newXMLReader(in, "disqus", to)
	root, err := x.root()
	if err != nil {
		return err
	}
	if root.Name.Local != "disqus" {
		return notA("Disqus export", root)
	}
	threads := map[string]disqusThread{}
	return x.fields(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "thread":
			t, err := readThread(x)
			threads[disqusID(e)] = t
			return cmp.Or(err, f.CheckRecords(len(threads)))
		case "post":
			return readDisqusPost(x, disqusID(e), threads, to)
		}
		return x.skip(e.Name.Local, disqusUnread)
	})
}

// disqusID returns an element's dsq:id.
func disqusID(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" {
			return plainText.kept(a.Value)
		}
	}
	return ""
}

// into returns a function that reads the fields of a table into f, and skips others.
func (x *xmlReader) into(f map[string]string, table map[string]fieldType) func(xml.StartElement) error {
	return func(e xml.StartElement) error {
		kind, read := table[e.Name.Local]
		if !read {
			return x.skip(e.Name.Local, disqusUnread)
		}
		text, err := x.text(kind.limit())
		f[e.Name.Local] = kind.of(text)
		return err
	}
}

func readThread(x *xmlReader) (t disqusThread, err error) {
	f := map[string]string{}
	err = x.fields(x.into(f, disqusThreadFields))
	t = disqusThread{deleted: isTrue(f["isDeleted"])}
	t.Page = Page{URL: strings.TrimSpace(f["link"]), Title: strings.TrimSpace(f["title"]), Closed: isTrue(f["isClosed"]),
		At: timeIn(f["createdAt"])}
	return t, err
}

// isTrue reports whether s is true or 1.
func isTrue(s string) bool {
	s = strings.TrimSpace(s)
	return strings.EqualFold(s, "true") || s == "1"
}

func readDisqusPost(x *xmlReader, id string, threads map[string]disqusThread, to Handler) error {
	r := Record{ID: id}
	thread, f, author := "", map[string]string{}, map[string]string{}
	plain := x.into(f, disqusPost)
	err := x.fields(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "thread":
			thread = disqusID(e)
		case "parent":
			r.Parent = disqusID(e)
		case "author":
			return x.fields(x.into(author, disqusAuthor))
		}
		return plain(e)
	})
	if err != nil {
		return err
	}
	t, known := threads[thread]
	if !known {
		to.Skip("comment", "the file does not say which page it is on")
		return nil
	}
	if t.deleted {
		r.Hidden = "its page was deleted there"
	}
	r.Page, r.HTML, r.At, r.Address = t.Page, f["message"], timeIn(f["createdAt"]), strings.TrimSpace(f["ipAddress"])
	r.Name, r.Email, r.Long = author["name"], author["email"], len(f["message"]) > MaxMessage
	switch {
	case isTrue(f["isSpam"]):
		r.State = comment.Spam
	case isTrue(f["isDeleted"]):
		r.State, r.Deleted = comment.Rejected, true
	case f["isApproved"] == "" || isTrue(f["isApproved"]):
		r.State = comment.Approved
	}
	return to.Comment(r)
}

// timeIn parses a time in RFC 3339. It returns the zero time if s is none.
func timeIn(s string) time.Time {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
