package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aitys/aitys/moderation/comment"
)

// A commenter is who wrote, as comments refer to them.
type commenter struct {
	Hex   string `json:"commenterHex"`
	Email string `json:"email"`
	Name  string `json:"name"`
	Link  string `json:"link"`
}

type commentoComment struct {
	Hex       string `json:"commentHex"`
	Parent    string `json:"parentHex"`
	Domain    string `json:"domain"`
	URL       string `json:"url"`
	Path      string `json:"path"`
	Commenter string `json:"commenterHex"`
	Markdown  string `json:"markdown"`
	HTML      string `json:"html"`
	State     string `json:"state"`
	Created   string `json:"creationDate"`
	Deleted   bool   `json:"deleted"`
}

// readCommento reads an export of Commento, Commento++ or Comentario in version 1: comments first, and behind them
// who wrote them. So it is read once for these, which are held, and then for the comments.
func readCommento(ctx context.Context, f dump, to teller) error {
	who, version, found := map[string]commenter{}, 0, false
	err := readParts(ctx, f.path, func(v *values, key string) (bool, error) {
		switch key {
		case "version":
			return true, v.read(&version)
		case "comments":
			found = true
		case "commenters":
			return true, v.array(func() error {
				var c commenter
				err := v.read(&c)
				if err == nil {
					who[c.Hex] = c
				}
				return passOver(err)
			})
		}
		return false, nil
	})
	switch {
	case errors.Is(err, errShape) || err == nil && (!found || version == 0):
		return errors.New("it is no export of Commento, which has a version, comments and commenters")
	case err == nil && version != 1:
		return fmt.Errorf("it is of version %d; what can be read is version 1", version)
	case err != nil:
		return err
	}
	return readParts(ctx, f.path, func(v *values, key string) (bool, error) {
		if key != "comments" {
			return false, nil
		}
		return true, v.array(func() error {
			var c commentoComment
			if err := v.read(&c); errors.Is(err, errShape) {
				to.skip("comment", "it is not written as Commento writes comments")
				return nil
			} else if err != nil {
				return err
			}
			return to.comment(c.record(who[c.Commenter]))
		})
	})
}

// readParts reads the object that a file is, a key after another.
func readParts(ctx context.Context, path string, read func(v *values, key string) (bool, error)) error {
	in, err := open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	v := newValues(&stoppable{ctx, in})
	return v.object(func(key string) (bool, error) { return read(v, key) })
}

// passOver passes over a value of another shape.
func passOver(err error) error {
	if errors.Is(err, errShape) {
		return nil
	}
	return err
}

func (c commentoComment) record(by commenter) record {
	r := record{id: c.Hex, parent: c.Parent, source: c.Markdown, at: timeIn(c.Created), deleted: c.Deleted}
	if r.source == "" {
		r.html = c.HTML
	}
	if r.parent == "root" {
		r.parent = ""
	}
	r.page.url = c.URL
	if r.page.url == "" {
		r.page.url = c.Path
	}
	if !strings.Contains(r.page.url, "://") { // a path
		r.page.url = "https://" + c.Domain + "/" + strings.TrimPrefix(r.page.url, "/")
	}
	if c.Commenter != "anonymous" && strings.Trim(c.Commenter, "0") != "" {
		r.name, r.email, r.website = defined(by.Name), defined(by.Email), defined(by.Link)
	}
	switch {
	case c.Deleted:
		r.state = comment.Rejected
		if r.source == "[deleted]" {
			r.source, r.html = "", ""
		}
	case c.State == "approved" || c.State == "":
		r.state = comment.Approved
	}
	return r
}

// defined is a field that Commento's script had; else it wrote "undefined".
func defined(s string) string {
	if s == "undefined" {
		return ""
	}
	return s
}
