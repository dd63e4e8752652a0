// Package comment is what somebody wrote, and what can be said of it: its text and its writer's own
// fields as they are kept, its place in a page, its state, what is suggested for it and why, and what
// readers and moderators may ask for: a part of a thread, a page of the queue.
//
// It stores nothing, asks no model and decides nothing: who may ask, and what a decision brings about,
// is package moderation's. Its invariants: the source text is kept as it was typed, and all else of a text
// is rendered from it; nobody sees what was not decided, for Pending and Hold are zero; requests and
// cursors are strangers' bytes, and read as such.
package comment

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// A Comment is what somebody wrote. Source is the text as typed; HTML is a cache of its
// markup, made by version Markup of package markup and rendered anew where that is old.
type Comment struct {
	ID   string
	Site int64
	Page string // the page's id
	// PageTitle is what its writer's browser called the page, where that had no title: it becomes the
	// page's when the comment is published.
	PageTitle string
	Parent    string // a comment's id, or ""
	Depth     int    // 0 for a root
	Path      string // depth-first place in the page: the parent's Path and 16 characters of its own
	State     State
	Version   int64

	Name, Email, Website string
	Account              string // who signed in to write it, or ""
	Badge                string // "author", "moderator", "owner" or ""
	Verified             bool   // its writer had shown who they are: with an account, or as a guest
	Source, HTML         string
	Markup               int
	Lang                 string // en, ru, kk, und

	Reason Reason
	Note   string // to the writer

	Writer      []byte // keyed hash of the writer's identity; nil when unknown
	Address     []byte // keyed hash of the address prefix; nil when unknown
	Same        []byte // keyed hash of what makes it the same as another; nil when nothing can be
	Submissions int

	Verdict  Verdict
	Standing uint64 // seq of its last standing decision, or 0

	ShownReplies int  // direct replies with Shown
	Shown        bool // approved, or keeps its place for shown replies
	Votes        int  // readers' votes, as they are shown

	Reports    int       // of readers, that are open
	AppealedAt time.Time // when its writer asked for a second look that is open; zero: there is none

	Trap    bool   // the honeypot was filled
	FormAge int    // seconds the form was open; -1 unknown
	Search  string // folded text for q: text, name, e-mail, host

	CreatedAt time.Time
	EditedAt  time.Time // zero: never
	DecidedAt time.Time // of the last change of state by a decision; zero: never
	EditUntil time.Time
	RemovedAt time.Time // by its writer; zero: never

	// When a moderator last took a part out of the text, and why; zero: nothing of it is. Kept is the text before
	// each such part, the last at the end, while it is kept.
	RedactedAt  time.Time
	RedactedWhy string
	Kept        []Former

	// Withheld is what readers are told where they do not see c, because it or its whole page is withheld under a
	// demand; nil: it is not. What c is besides stays as it is.
	Withheld *site.Notice
}

// A Visibility says what the public may see of a comment.
type Visibility uint8

// The visibilities.
const (
	Hidden   Visibility = iota // at most its place in the thread
	Withheld                   // its place, and the takedown
	Visible
)

// Visibility returns what the public may see of c. Pages, feeds, exports and messages must use it instead of State: a
// takedown leaves the state as it is.
func (c Comment) Visibility() Visibility {
	switch {
	case c.State != Approved:
		return Hidden
	case c.Withheld != nil:
		return Withheld
	}
	return Visible
}

// IsPublic reports whether the public may read c.
func (c Comment) IsPublic() bool { return c.Visibility() == Visible }

// PublicState names c's state as readers, writers and other programs see it: "withheld" for an approved comment under a
// takedown.
func (c Comment) PublicState() string {
	if c.Visibility() == Withheld {
		return "withheld"
	}
	return c.State.String()
}

// TextAt is when c's text last became another one; zero: it is the first.
func (c Comment) TextAt() time.Time {
	if c.RedactedAt.After(c.EditedAt) {
		return c.RedactedAt
	}
	return c.EditedAt
}

// Refused reports whether c was refused.
func (c Comment) Refused() bool { return c.State.Refused() }

// Appealed reports whether c's writer waits for a second look.
func (c Comment) Appealed() bool { return !c.AppealedAt.IsZero() }

// IsKept reports whether a removed comment still says what it said, and whose it is.
func (c Comment) IsKept() bool { return c.State == Removed && c.Source != "" }

// Expired reports whether c was refused and gone when its time was over: its writer did not withdraw it.
func (c Comment) Expired() bool { return c.State == Removed && c.RemovedAt.IsZero() }

// RefusedFor is why c was refused: other where nobody said.
func (c Comment) RefusedFor() Reason {
	if c.State == Spam {
		return ReasonSpam
	}
	return cmp.Or(c.Reason, ReasonOther)
}

// IsForgotten reports whether nothing but the place and the state of a removed comment is left.
func (c Comment) IsForgotten() bool { return c.State == Removed && c.Source == "" }

// Document is what the classifier sees of a comment, when it is judged and when it is taught.
func (c Comment) Document() classifier.Comment {
	return classifier.Comment{Text: c.Source, Author: c.Name, Email: c.Email, URL: c.Website}
}

// Facts is what of a comment goes into its verdict besides its text's probabilities. ruled is what the site's
// rules found; what it is like, its last verdict knows.
func (c Comment) Facts(h History, ruled Findings) Facts {
	return Facts{
		Links:       len(markup.Links(c.Fresh().HTML)),
		Submissions: c.Submissions,
		Trap:        c.Trap,
		FormAge:     c.FormAge,
		Approved:    h.Approved,
		Refused:     h.Refused,
		Ruled:       ruled,
		Alike:       c.Verdict.Alike(),
		Namesake:    c.Verdict.Namesake(),
		Checked:     c.Verdict.Checked(),
	}
}

// Hide leaves of a comment that only keeps its place no more than the place, and why it is withheld, if it is.
func (c *Comment) Hide() {
	if c.IsPublic() {
		return
	}
	notice := c.Withheld
	if c.Visibility() != Withheld {
		notice = nil
	}
	*c = Comment{
		ID:           c.ID,
		Site:         c.Site,
		Page:         c.Page,
		Parent:       c.Parent,
		Depth:        c.Depth,
		Path:         c.Path,
		State:        Removed,
		Version:      c.Version,
		Lang:         "und",
		ShownReplies: c.ShownReplies,
		Shown:        c.Shown,
		CreatedAt:    c.CreatedAt,
		Withheld:     notice,
	}
}

// SearchText is what q looks through: text, name, e-mail and the website's host.
func SearchText(c Comment) string {
	var host string
	if u, err := url.Parse(c.Website); err == nil {
		host = u.Hostname()
	}
	return text.Fold(strings.Join([]string{c.Source, c.Name, c.Email, host}, "\n"))
}

// Fresh is c with its HTML rendered anew where an older version of the markup made it.
func (c Comment) Fresh() Comment {
	if c.Markup != markup.Version {
		c.HTML, c.Markup = markup.Render(c.Source), markup.Version
	}
	return c
}

// A StateChange is what a decision, an undo or a withdrawal writes to a comment. The new
// version is always the old one plus one.
type StateChange struct {
	State     State
	Reason    Reason
	Note      string
	Standing  uint64
	Shown     bool
	DecidedAt time.Time
	RemovedAt time.Time
	DropSame  bool // withdrawn before it was refused: it swallows no new one
}

// A TextChange is what an edit writes, or who takes a part out of a text: the text's own fields, Same cleared,
// version plus one.
type TextChange struct {
	State        State
	Source, HTML string
	Markup       int
	Lang         string
	Search       string
	Verdict      Verdict
	Standing     uint64
	Shown        bool
	EditedAt     time.Time
	RedactedAt   time.Time
	RedactedWhy  string
	Kept         []Former
}

// ChangeTo is the TextChange that makes a comment's text that of next.
func ChangeTo(next Comment) TextChange {
	return TextChange{
		State:       next.State,
		Source:      next.Source,
		HTML:        next.HTML,
		Markup:      next.Markup,
		Lang:        next.Lang,
		Search:      next.Search,
		Verdict:     next.Verdict,
		Standing:    next.Standing,
		Shown:       next.Shown,
		EditedAt:    next.EditedAt,
		RedactedAt:  next.RedactedAt,
		RedactedWhy: next.RedactedWhy,
		Kept:        next.Kept,
	}
}

// A History is what a site knows of a writer from their earlier comments, of each kind at most MostHistory: a bot may
// have sent a hundred thousand under one name.
type History struct {
	Approved, Refused int
	FirstSeen         time.Time
}

// MostHistory is how many comments of a kind a History counts.
const MostHistory = 1_000

// With is a history with one more comment.
func (h History) With(c Comment) History {
	switch c.State {
	case Approved:
		h.Approved++
	case Rejected, Spam:
		h.Refused++
	}
	if h.FirstSeen.IsZero() || c.CreatedAt.Before(h.FirstSeen) {
		h.FirstSeen = c.CreatedAt
	}
	return h
}

// Without is a history less one comment of a state.
func (h History) Without(s State) History {
	switch s {
	case Approved:
		h.Approved--
	case Rejected, Spam:
		h.Refused--
	}
	return h
}
