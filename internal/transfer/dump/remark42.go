package dump

import (
	"errors"
	"io"

	"github.com/aitys/aitys/moderation/comment"
)

// A remark is a line of a backup: metadata in the first line, a comment in the others.
type remark struct {
	Version *int `json:"version"` // in the first line only
	Posts   []struct {
		URL      string `json:"url"`
		ReadOnly bool   `json:"read_only"`
	} `json:"posts"`
	Users []struct {
		ID      string `json:"id"`
		Blocked struct {
			Status bool `json:"status"`
		} `json:"blocked"`
	} `json:"users"`

	ID     string `json:"id"`
	Parent string `json:"pid"`
	Text   string `json:"text"`
	Source string `json:"orig"`
	User   struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Blocked bool   `json:"block"`
	} `json:"user"`
	Locator struct {
		URL string `json:"url"`
	} `json:"locator"`
	Title   string `json:"title"`
	Time    string `json:"time"`
	Deleted bool   `json:"delete"`
}

// readRemark42 reads a backup, a sequence of JSON values, by Remark42's backend/app/migrator/native.go. It has no
// e-mails, and IP addresses are hashes.
func readRemark42(in io.Reader, f *File, to Handler) error {
	v := newJSONReader(in)
	closed, blocked := map[string]bool{}, map[string]bool{}
	for first := true; ; first = false {
		var c remark
		most := maxRecord
		if first { // the first line lists all pages and users
			most = maxPart
		}
		err := v.readPart(&c, most)
		switch {
		case errors.Is(err, io.EOF) && !first:
			return nil
		case errors.Is(err, io.EOF):
			return errors.New("it is empty")
		case errors.Is(err, errShape) && !first:
			to.Skip("comment", "it is not written as Remark42 writes comments")
			continue
		case err != nil && !errors.Is(err, errShape):
			return err
		case first && c.Version == nil && c.Locator.URL == "":
			return errors.New("it is no backup of Remark42, which begins with its version")
		case first && c.Version != nil && *c.Version > 1:
			return errors.New("it is of a newer version of Remark42's backups than 1")
		case first && c.Version != nil:
			if err := f.CheckRecords(max(len(c.Posts), len(c.Users))); err != nil {
				return err
			}
			for _, p := range c.Posts {
				closed[p.URL] = p.ReadOnly
			}
			for _, u := range c.Users {
				blocked[u.ID] = u.Blocked.Status
			}
			continue
		}
		r := Record{
			ID:      c.ID,
			Parent:  c.Parent,
			Name:    remark42Fields["user.name"].of(c.User.Name),
			At:      timeIn(c.Time),
			Source:  message.kept(c.Source),
			Deleted: c.Deleted,
			State:   comment.Approved,
			Page: Page{URL: remark42Fields["locator.url"].of(c.Locator.URL), Title: remark42Fields["title"].of(c.Title),
				Closed: closed[c.Locator.URL]},
		}
		if r.Source == "" {
			r.HTML = message.kept(c.Text)
		}
		r.Long = max(len(r.Source), len(r.HTML)) > MaxMessage
		switch {
		case c.Deleted:
			r.State = comment.Rejected
		case c.User.Blocked || blocked[c.User.ID]:
			r.Hidden = "its writer was blocked there"
		}
		if err := to.Comment(r); err != nil {
			return err
		}
	}
}
