package moderation

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// maxDepth bounds how deep replies nest: a page is read by walking them.
const maxDepth = 64

const maxBody = 10_000 // characters

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

// checkBody returns a comment's text as it is kept.
func checkBody(body string) (string, error) {
	if !utf8.ValidString(body) {
		return "", problem.Wrong("comment.not_utf8", "/body", "The text is not valid UTF-8.")
	}
	// Browsers send \r\n for what a text box counts as one character.
	n := utf8.RuneCountInString(body) - strings.Count(body, "\r\n")
	if n <= maxBody {
		body = text.Clean(body)
		n = utf8.RuneCountInString(body) // composing may lengthen a text
	}
	if n > maxBody {
		return "", problem.Wrong("comment.too_long", "/body",
			fmt.Sprintf("A comment may have %d characters; this one has %d.", maxBody, n))
	}
	if !text.Visible(body) {
		return "", problem.Wrong("comment.empty", "/body", "Write something first.")
	}
	return body, nil
}

// write gives c its text and all that follows from it. Name, e-mail and website stand already.
func (c *Comment) write(source string) {
	c.Source = source
	c.HTML, c.Markup = markup.Render(source), markup.Version
	c.Lang = text.Language(source)
	c.Search = searchText(*c)
}

// searchText is what q looks through: text, name, e-mail and the website's host.
func searchText(c Comment) string {
	var host string
	if u, err := url.Parse(c.Website); err == nil {
		host = u.Hostname()
	}
	return text.Fold(strings.Join([]string{c.Source, c.Name, c.Email, host}, "\n"))
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
