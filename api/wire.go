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
	// Withheld says under which demand it is not shown, unless that is sealed.
	Withheld *withheldOut `json:"withheld,omitempty"`
}

type authorOut struct {
	Name     *string `json:"name"`
	Badge    *string `json:"badge"`
	URL      *string `json:"url"`
	Verified bool    `json:"verified"`
}

// PublicComment is what anybody sees: of one that is gone, the place that the domain left of it.
func PublicComment(m comment.Comment, pageURL string) commentOut {
	out := wholeComment(m, pageURL)
	if !m.IsPublic() {
		out.Author, out.HTML = nil, nil
	}
	if m.Withheld != nil { // set only on placeholders of withheld comments
		out.State = "withheld"
	}
	return out
}

// wholeComment is the comment itself, for those who may see it in any state.
func wholeComment(m comment.Comment, pageURL string) commentOut {
	return commentOut{
		ID:      m.ID,
		Version: m.Version,
		Parent:  web.OrNull(m.Parent),
		Depth:   m.Depth,
		State:   m.State.String(),
		Author: &authorOut{Name: web.OrNull(m.Name), Badge: web.OrNull(m.Badge), URL: web.OrNull(m.Website),
			Verified: m.Verified},
		HTML:      &m.HTML,
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

// withheldOut is what readers are told in the place of a comment; By is null where nobody is named.
type withheldOut struct {
	By   *string        `json:"by"`
	Kind string         `json:"kind"`
	Law  string         `json:"law"`
	At   *web.Timestamp `json:"at"`
}

// withheld is what may be told of a notice: of a sealed demand nothing.
func withheld(n *site.Notice) *withheldOut {
	if n == nil || n.Sealed {
		return nil
	}
	return &withheldOut{By: web.OrNull(n.By), Kind: n.Kind, Law: n.Law, At: web.At(n.At)}
}
