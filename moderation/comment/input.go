package comment

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// Length limits of the text, the name, the page title and the e-mail address. MaxEmail is in bytes, the others in
// characters.
const (
	MaxLength = 10_000
	MaxName   = 120
	MaxTitle  = 300
	MaxEmail  = 254
)

// CheckBody validates the text of a comment and returns it in the form that is stored.
func CheckBody(body string) (string, error) {
	if !utf8.ValidString(body) {
		return "", problem.NotUTF8()
	}
	// Browsers send \r\n for a line break, which a text box counts as one character.
	n := utf8.RuneCountInString(body) - strings.Count(body, "\r\n")
	if n <= MaxLength {
		body = text.Clean(body)
		n = utf8.RuneCountInString(body) // Unicode composition may lengthen the text
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

// Preview returns the HTML of a text as readers would see it.
func Preview(body string) (html string, err error) {
	if body, err = CheckBody(body); err != nil {
		return "", err
	}
	return markup.Render(body), nil
}

// Write sets the text of c and everything derived from it. Name, Email and Website must already be set.
func (c *Comment) Write(source string) {
	c.Source = source
	c.Lang = text.Language(source)
	c.Search = SearchText(*c)
}

// Sign sets the name, e-mail address and website of c, cleaned. The arguments must be valid UTF-8.
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

// Head sets the page title that the commenter's browser sent, truncated to MaxTitle characters.
func (c *Comment) Head(title string) {
	c.PageTitle = text.First(text.CleanLine(title), MaxTitle)
}

// CheckName returns an error if the commenter's name imitates one of names, or claims a role on the site.
func (c Comment) CheckName(names []string) error {
	like := NewNameIndex(names, roleTitles).Match(c.Name)
	switch {
	case like == "":
		return nil
	case !slices.Contains(names, like):
		return problem.Field("/author/name", "This name says that you work on this site. Use another one, or sign in.")
	}
	return problem.Field("/author/name", "A staff member of this site has this name, or one that looks the same. "+
		"Use another one, or sign in.")
}

// WriterHashes returns the distinct commenters' hashes of comments, sorted.
func WriterHashes(comments []Comment) (all [][]byte) {
	for _, c := range comments {
		if c.Writer != nil {
			all = append(all, c.Writer)
		}
	}
	slices.SortFunc(all, slices.Compare)
	return slices.CompactFunc(all, slices.Equal)
}

// WriterRefs returns the distinct commenters of comments, in no order.
func WriterRefs(comments []Comment) []site.Ref {
	all := map[site.Ref]bool{}
	for _, c := range comments {
		if c.Writer != nil {
			all[site.Ref{Site: c.Site, ID: string(c.Writer)}] = true
		}
	}
	return slices.Collect(maps.Keys(all))
}

// Identity returns what identifies an unverified commenter: name and e-mail address, or name and network address
// prefix.
func (c Comment) Identity(addressPrefix string) []string {
	if c.Email != "" {
		return []string{"email", text.Fold(c.Name), text.AddressOf(c.Email).String()}
	}
	return []string{"address", text.Fold(c.Name), addressPrefix}
}
