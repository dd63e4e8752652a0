package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
)

// A timestamp is a time as the contract writes it: RFC 3339 in UTC.
type timestamp time.Time

// MarshalJSON writes the time with as many digits of a second as it has.
func (s timestamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format(`"` + time.RFC3339Nano + `"`)), nil
}

// at is nil for the zero time, which is written as null.
func at(t time.Time) *timestamp {
	if t.IsZero() {
		return nil
	}
	s := timestamp(t)
	return &s
}

// orNull is nil for "", which is written as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list is never nil, because a list is written as [] when it is empty.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// commentOut is a comment as readers see it.
type commentOut struct {
	ID        string     `json:"id"`
	Version   int64      `json:"version"`
	Parent    *string    `json:"parent"`
	Depth     int        `json:"depth"`
	State     string     `json:"state"`
	Author    *authorOut `json:"author"`
	HTML      *string    `json:"html"`
	Lang      string     `json:"lang"`
	CreatedAt *timestamp `json:"created_at"`
	EditedAt  *timestamp `json:"edited_at"`
	Redacted  *timestamp `json:"redacted_at"`
	Votes     int        `json:"votes"`
	Replies   int        `json:"replies"`
	Permalink string     `json:"permalink"`
	// Withheld says under which demand it is not shown, unless that is sealed.
	Withheld *withheldOut `json:"withheld,omitempty"`
}

type authorOut struct {
	Name     *string `json:"name"`
	Badge    *string `json:"badge"`
	URL      *string `json:"url"`
	Verified bool    `json:"verified"`
}

// publicComment is what anybody sees: of one that is gone, the place that the domain left of it.
func publicComment(m comment.Comment, pageURL string) commentOut {
	out := wholeComment(m, pageURL)
	if !m.IsPublic() {
		out.Author, out.HTML = nil, nil
	}
	if m.Withheld != nil {
		out.State = stateWithheld
	}
	return out
}

// stateWithheld is what the state of an approved comment is called that readers do not see.
const stateWithheld = "withheld"

// wholeComment is the comment itself, for those who may see it in any state.
func wholeComment(m comment.Comment, pageURL string) commentOut {
	return commentOut{
		ID: m.ID, Version: m.Version, Parent: orNull(m.Parent), Depth: m.Depth, State: m.State.String(),
		Author: &authorOut{Name: orNull(m.Name), Badge: orNull(m.Badge), URL: orNull(m.Website), Verified: m.Verified},
		HTML:   &m.HTML, Lang: m.Lang, CreatedAt: at(m.CreatedAt), EditedAt: at(m.EditedAt),
		Redacted: at(m.RedactedAt), Votes: m.Votes, Replies: m.ShownReplies, Permalink: permalink(pageURL, m.ID),
		Withheld: withheld(m.Withheld),
	}
}

func permalink(pageURL, id string) string { return pageURL + "#aitys-" + id }

// noStore keeps an answer out of every cache.
func noStore(c echo.Context) { c.Response().Header().Set("Cache-Control", "no-store") }

// withheldOut is what readers are told in the place of a comment; By is null where nobody is named.
type withheldOut struct {
	By   *string    `json:"by"`
	Kind string     `json:"kind"`
	Law  string     `json:"law"`
	At   *timestamp `json:"at"`
}

// withheld is what may be told of a notice: of a sealed demand nothing.
func withheld(n *ground.Notice) *withheldOut {
	if n == nil || n.Sealed {
		return nil
	}
	return &withheldOut{By: orNull(n.By), Kind: n.Kind, Law: n.Law, At: at(n.At)}
}
