package moderation

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
)

// maxDepth bounds how deep replies nest: a page is read by walking them.
const maxDepth = 64

// under places c below parent, or among the roots when parent is nil. segment is of newSegment.
func (c *Comment) under(parent *Comment, segment string) error {
	if parent == nil {
		c.Parent, c.Depth, c.Path = "", 0, segment
		return nil
	}
	if parent.Depth+1 >= maxDepth {
		return problem.Field("/parent", "This conversation is nested as deeply as it can be. Answer a comment further up.")
	}
	c.Parent, c.Depth, c.Path = parent.ID, parent.Depth+1, parent.Path+segment
	return nil
}

// write gives c its text and all that follows from it. Name, e-mail and website stand already.
func (c *Comment) write(source string) {
	c.Source = source
	c.HTML, c.Markup = markup.Render(source), markup.Version
	c.Lang = langOf(source)
	c.Search = searchText(*c)
}

// searchText is what q looks through: text, name, e-mail and the website's host.
func searchText(c Comment) string {
	var host string
	if u, err := url.Parse(c.Website); err == nil {
		host = u.Hostname()
	}
	return fold(strings.Join([]string{c.Source, c.Name, c.Email, host}, "\n"))
}

// refresh renders the HTML of comments anew where an older version of the markup made it.
func refresh(comments []Comment) {
	for i := range comments {
		if c := &comments[i]; c.Markup != markup.Version {
			c.HTML, c.Markup = markup.Render(c.Source), markup.Version
		}
	}
}

// readComment reads a comment by an id that a stranger may have made up.
func readComment(tx Tx, site int64, id string) (Comment, error) {
	if !isID(id) {
		return Comment{}, unknownComment()
	}
	c, err := tx.CommentByID(site, id)
	if errors.Is(err, ErrNotFound) {
		return Comment{}, unknownComment()
	}
	if err != nil {
		return Comment{}, fmt.Errorf("read comment: %w", err)
	}
	return c, nil
}
