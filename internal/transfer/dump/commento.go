package dump

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aitys/aitys/moderation/comment"
)

// A commenter is an author. Comments refer to commenters by Hex.
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

// readCommento reads an export of Commento, Commento++ or Comentario in version 1. Its commenters come after the
// comments, so it reads the file twice: for the commenters, which it holds in memory, and for the comments.
func readCommento(ctx context.Context, f *File, to Handler) error {
	who, version, found := map[string]commenter{}, 0, false
	err := f.readParts(ctx, func(v *jsonReader, key string) (bool, error) {
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
					c.Name, c.Email, c.Link = commentoFields["name"].kept(c.Name), commentoFields["email"].kept(c.Email),
						commentoFields["link"].kept(c.Link)
					who[c.Hex] = c
					err = f.CheckRecords(len(who))
				}
				if errors.Is(err, errShape) {
					to.Skip("commenter", "it is not written as Commento writes commenters")
					return nil
				}
				return err
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
	return f.readParts(ctx, func(v *jsonReader, key string) (bool, error) {
		switch key {
		case "comments":
		case "version", "commenters":
			return false, nil
		default:
			to.Skip("field", fmt.Sprintf("%q is unknown", excerpt(key)))
			return false, nil
		}
		return true, v.array(func() error {
			var c commentoComment
			if err := v.read(&c); errors.Is(err, errShape) {
				to.Skip("comment", "it is not written as Commento writes comments")
				return nil
			} else if err != nil {
				return err
			}
			return to.Comment(c.record(who[c.Commenter]))
		})
	})
}

// readParts reads a file that is a JSON object. It calls read with each key, see jsonReader.object.
func (f *File) readParts(ctx context.Context, read func(v *jsonReader, key string) (bool, error)) error {
	in, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	v := newJSONReader(in)
	return v.object(func(key string) (bool, error) { return read(v, key) })
}

func (c commentoComment) record(by commenter) Record {
	r := Record{ID: c.Hex, Parent: c.Parent, Source: message.kept(c.Markdown), At: timeIn(c.Created), Deleted: c.Deleted}
	if r.Source == "" {
		r.HTML = message.kept(c.HTML)
	}
	r.Long = max(len(r.Source), len(r.HTML)) > MaxMessage
	if r.Parent == "root" {
		r.Parent = ""
	}
	r.Page.URL = c.URL
	if r.Page.URL == "" {
		r.Page.URL = c.Path
	}
	if !strings.Contains(r.Page.URL, "://") { // a path
		r.Page.URL = "https://" + c.Domain + "/" + strings.TrimPrefix(r.Page.URL, "/")
	}
	if c.Commenter != "anonymous" && strings.Trim(c.Commenter, "0") != "" {
		r.Name, r.Email, r.Website = defined(by.Name), defined(by.Email), defined(by.Link)
	}
	switch {
	case c.Deleted:
		r.State = comment.Rejected
		if r.Source == "[deleted]" {
			r.Source, r.HTML = "", ""
		}
	case c.State == "approved":
		r.State = comment.Approved
	}
	return r
}

// defined returns a field, or "" if Commento's script wrote "undefined" for a missing value.
func defined(s string) string {
	if s == "undefined" {
		return ""
	}
	return s
}
