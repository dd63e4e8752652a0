package moderation

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/address"
	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// What of a writer's own fields is taken.
const (
	maxWriterName = 120 // characters
	maxEmail      = 254 // bytes
	maxWebsite    = 2048
)

const (
	// refusedFor is how long a refused comment swallows the same again.
	refusedFor = 24 * time.Hour
	// minLetters is how long a text without a name must be to be the same as another.
	minLetters = 24
)

// signed gives c the writer's own fields, cleaned.
func (c *Comment) signed(in Submission) error {
	for _, f := range []struct{ field, text string }{
		{"/author/name", in.Name}, {"/author/email", in.Email}, {"/author/website", in.Website}, {"/page/title", in.PageTitle},
	} {
		if !utf8.ValidString(f.text) {
			return problem.Field(f.field, "This is not valid UTF-8.")
		}
	}
	c.Name = text.CleanLine(in.Name)
	if utf8.RuneCountInString(in.Name) > maxWriterName || utf8.RuneCountInString(c.Name) > maxWriterName {
		return problem.Field("/author/name", "A name may have 120 characters.")
	}
	if !text.Visible(c.Name) {
		c.Name = ""
	}
	c.Email = strings.TrimSpace(in.Email)
	if c.Email != "" && (len(c.Email) > maxEmail || text.CleanLine(c.Email) != c.Email || !address.LooksLikeEmail(c.Email)) {
		return problem.Field("/author/email", "This does not look like an e-mail address.")
	}
	if website := strings.TrimSpace(in.Website); website != "" {
		href, ok := markup.Href(text.CleanLine(website))
		if !ok || !strings.HasPrefix(href, "http") {
			return problem.Field("/author/website", "A website's address begins with http:// or https://.")
		}
		c.Website = href
	}
	return nil
}

// readersTitle is what a reader's browser says that a page is called; too much is cut off.
func readersTitle(title string) string {
	title = text.CleanLine(title)
	if r := []rune(title); len(r) > maxTitle {
		return string(r[:maxTitle])
	}
	return title
}

// identity is who a writer says to be: name with e-mail, else name with address.
func identity(c Comment, addressPrefix string) []string {
	if c.Email != "" {
		return []string{"email", text.Fold(c.Name), text.Fold(c.Email)}
	}
	return []string{"address", text.Fold(c.Name), addressPrefix}
}

// sameness is what makes c the same as another comment of its page, or nil where nothing
// can: without a name, short texts of one address are of many people.
func (s *Service) sameness(c Comment) []byte {
	if c.Name == "" && text.Letters(c.Source) < minLetters {
		return nil
	}
	writer := c.Writer
	if writer == nil {
		writer = c.Address
	}
	if writer == nil {
		return nil
	}
	return s.secret.Hash("same", c.Site, c.Page, c.Parent, string(writer), text.Fold(c.Source))
}
