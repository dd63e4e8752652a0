package dump

import (
	"encoding/xml"
	"html"
	"io"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// A disqusThread is what posts refer to by the thread's own id: <id> is mostly empty.
type disqusThread struct {
	Page
	deleted bool
}

// readDisqus reads what Disqus mails under Community, Export: threads, and then posts in any order. All threads, but
// no posts, are held.
func readDisqus(in io.Reader, to Teller) error {
	x := newElements(in)
	root, err := x.root()
	if err != nil {
		return err
	}
	if root.Name.Local != "disqus" {
		return notA("Disqus export", root)
	}
	threads := map[string]disqusThread{}
	return x.fields(func(e xml.StartElement) (bool, error) {
		switch e.Name.Local {
		case "thread":
			t, err := readThread(x)
			threads[disqusID(e)] = t
			return true, err
		case "post":
			return true, readDisqusPost(x, disqusID(e), threads, to)
		}
		return false, nil
	})
}

// disqusID is an element's dsq:id.
func disqusID(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" {
			return a.Value
		}
	}
	return ""
}

func readThread(x *elements) (t disqusThread, err error) {
	f := map[string]string{}
	err = x.fields(func(e xml.StartElement) (bool, error) {
		switch name := e.Name.Local; name {
		case "link", "title", "createdAt", "isClosed", "isDeleted":
			text, err := x.text()
			f[name] = strings.TrimSpace(text)
			return true, err
		}
		return false, nil
	})
	t = disqusThread{deleted: f["isDeleted"] == "true"}
	t.Page = Page{URL: f["link"], Title: html.UnescapeString(f["title"]), Closed: f["isClosed"] == "true",
		At: timeIn(f["createdAt"])}
	return t, err
}

func readDisqusPost(x *elements, id string, threads map[string]disqusThread, to Teller) error {
	r := Record{ID: id}
	var thread string
	f := map[string]string{}
	field := func(prefix string) func(xml.StartElement) (bool, error) {
		return func(e xml.StartElement) (bool, error) {
			text, err := x.text()
			f[prefix+e.Name.Local] = text
			return true, err
		}
	}
	plain, author := field(""), field("author.")
	err := x.fields(func(e xml.StartElement) (bool, error) {
		switch e.Name.Local {
		case "thread":
			thread = disqusID(e)
		case "parent":
			r.Parent = disqusID(e)
		case "author":
			return true, x.fields(author)
		case "message", "createdAt", "isDeleted", "isSpam", "isApproved", "ipAddress":
			return plain(e)
		}
		return false, nil
	})
	if err != nil {
		return err
	}
	t, known := threads[thread]
	switch {
	case !known:
		to.Skip("comment", "the file does not say which page it is on")
		return nil
	case t.deleted:
		to.Skip("comment", "its page was deleted there")
		return nil
	}
	r.Page, r.HTML, r.At, r.Address = t.Page, f["message"], timeIn(f["createdAt"]), f["ipAddress"]
	r.Name, r.Email = f["author.name"], f["author.email"]
	switch {
	case f["isSpam"] == "true":
		r.State = comment.Spam
	case f["isDeleted"] == "true":
		r.State, r.Deleted = comment.Rejected, true
	case f["isApproved"] != "false":
		r.State = comment.Approved
	}
	return to.Comment(r)
}

// timeIn reads a time as most services write it; zero where it is none.
func timeIn(s string) time.Time {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
