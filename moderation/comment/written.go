package comment

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// How many characters a comment may have, its writer's name, and the title of a page; MaxEmail is in bytes.
const (
	MaxLength = 10_000
	MaxName   = 120
	MaxTitle  = 300
	MaxEmail  = 254
)

// CheckBody returns a comment's text as it is kept.
func CheckBody(body string) (string, error) {
	if !utf8.ValidString(body) {
		return "", problem.NotUTF8()
	}
	// Browsers send \r\n for what a text box counts as one character.
	n := utf8.RuneCountInString(body) - strings.Count(body, "\r\n")
	if n <= MaxLength {
		body = text.Clean(body)
		n = utf8.RuneCountInString(body) // composing may lengthen a text
	}
	if n > MaxLength {
		return "", problem.Wrong("comment.too_long", "/body",
			fmt.Sprintf("A comment may have %d characters; this one has %d.", MaxLength, n))
	}
	if !text.Visible(body) {
		return "", problem.Wrong("comment.empty", "/body", "Write something first.")
	}
	return body, nil
}

// Preview renders a text as it would be shown.
func Preview(body string) (html string, err error) {
	if body, err = CheckBody(body); err != nil {
		return "", err
	}
	return markup.Render(body), nil
}

// Write gives c its text and all that follows from it. Name, e-mail and website stand already.
func (c *Comment) Write(source string) {
	c.Source = source
	c.HTML, c.Markup = markup.Render(source), markup.Version
	c.Lang = text.Language(source)
	c.Search = SearchText(*c)
}

// Sign gives c the writer's own fields, cleaned. They are valid UTF-8.
func (c *Comment) Sign(name, email, website string) error {
	c.Name = text.CleanLine(name)
	if utf8.RuneCountInString(name) > MaxName || utf8.RuneCountInString(c.Name) > MaxName {
		return problem.Field("/author/name", "A name may have 120 characters.")
	}
	if !text.Visible(c.Name) {
		c.Name = ""
	}
	c.Email = strings.TrimSpace(email)
	if c.Email != "" && (len(c.Email) > MaxEmail || text.CleanLine(c.Email) != c.Email ||
		!text.LooksLikeEmail(c.Email)) {
		return problem.Field("/author/email", "This does not look like an e-mail address.")
	}
	if website = strings.TrimSpace(website); website != "" {
		href, ok := markup.Href(text.CleanLine(website))
		if !ok || !strings.HasPrefix(href, "http") {
			return problem.Field("/author/website", "A website's address begins with http:// or https://.")
		}
		c.Website = href
	}
	return nil
}

// Head gives c what its writer's browser says that the page is called; too much is cut off.
func (c *Comment) Head(title string) {
	c.PageTitle = text.First(text.CleanLine(title), MaxTitle)
}

// RefuseNames returns an error if the commenter's name imitates one of names, or claims a role on the site.
func (c Comment) RefuseNames(names []string) error {
	like := NewNames(names, roleTitles).Like(c.Name)
	switch {
	case like == "":
		return nil
	case !slices.Contains(names, like):
		return problem.Field("/author/name", "This name says that you work on this site. Use another one, or sign in.")
	}
	return problem.Field("/author/name", "Somebody who works on this site has this name, or one that looks the same. "+
		"Use another one, or sign in.")
}

// Writers are those of comments, each once.
func Writers(comments []Comment) (all [][]byte) {
	for _, c := range comments {
		if c.Writer != nil {
			all = append(all, c.Writer)
		}
	}
	slices.SortFunc(all, slices.Compare)
	return slices.CompactFunc(all, slices.Equal)
}

// Identity identifies an unverified commenter: by name and e-mail address, or else by name and network address.
func (c Comment) Identity(addressPrefix string) []string {
	if c.Email != "" {
		return []string{"email", text.Fold(c.Name), text.AddressOf(c.Email).String()}
	}
	return []string{"address", text.Fold(c.Name), addressPrefix}
}
