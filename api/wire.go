package api

import (
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// commentOut is a comment as readers see it.
type commentOut struct {
	ID        string         `json:"id"`
	Version   int64          `json:"version"`
	Parent    *string        `json:"parent"`
	Depth     int            `json:"depth"`
	State     string         `json:"state"`
	Author    *authorOut     `json:"author"`
	HTML      *string        `json:"html"`
	Lang      string         `json:"lang"`
	CreatedAt *web.Timestamp `json:"created_at"`
	EditedAt  *web.Timestamp `json:"edited_at"`
	Redacted  *web.Timestamp `json:"redacted_at"`
	Votes     int            `json:"votes"`
	Replies   int            `json:"replies"`
	Permalink string         `json:"permalink"`
	// The notice of the takedown that withholds the comment, unless it is sealed.
	Withheld *withheldOut `json:"withheld,omitempty"`
}

type authorOut struct {
	Name     *string `json:"name"`
	Badge    *string `json:"badge"`
	URL      *string `json:"url"`
	Verified bool    `json:"verified"`
}

// PublicComment returns a comment as the public sees it. A removed or withheld comment has no author and no HTML.
func PublicComment(m comment.Comment, pageURL string) commentOut {
	out := fullComment(m, pageURL)
	if !m.IsPublic() {
		out.Author, out.HTML = nil, nil
	}
	if m.Withheld != nil { // set only on placeholders of withheld comments
		out.State = "withheld"
	}
	return out
}

// fullComment returns a comment in any state, for its commenter and moderators.
func fullComment(m comment.Comment, pageURL string) commentOut {
	html := m.HTML()
	return commentOut{
		ID:      m.ID,
		Version: m.Version,
		Parent:  web.OrNull(m.Parent),
		Depth:   m.Depth,
		State:   m.State.String(),
		Author: &authorOut{Name: web.OrNull(m.Name), Badge: web.OrNull(m.Badge), URL: web.OrNull(m.Website),
			Verified: m.Verified},
		HTML:      &html,
		Lang:      m.Lang,
		CreatedAt: web.At(m.CreatedAt),
		EditedAt:  web.At(m.EditedAt),
		Redacted:  web.At(m.RedactedAt),
		Votes:     m.Votes,
		Replies:   m.ShownReplies,
		Permalink: permalink(pageURL, m.ID),
		Withheld:  withheld(m.Withheld),
	}
}

func permalink(pageURL, id string) string { return pageURL + "#aitys-" + id }

// withheldOut is the notice that readers see instead of a withheld comment. By is null if the notice names no claimant.
type withheldOut struct {
	By   *string        `json:"by"`
	Kind string         `json:"kind"`
	Law  string         `json:"law"`
	At   *web.Timestamp `json:"at"`
}

// withheld returns the public part of a notice. It is nil for a sealed takedown.
func withheld(n *site.Notice) *withheldOut {
	if n == nil || n.Sealed {
		return nil
	}
	return &withheldOut{By: web.OrNull(n.By), Kind: n.Kind, Law: n.Law, At: web.At(n.At)}
}
