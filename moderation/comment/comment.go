// Package comment defines a comment: its text, the commenter's fields, its place in a thread, its state, its verdict
// with signals, and the requests for threads and queues.
//
// It stores nothing, calls no model and makes no decisions; package moderation does. Its invariants: the source text is
// stored as typed, and everything else about the text is derived from it; the zero values Pending and Hold keep a
// comment private; requests and cursors are untrusted input, and are validated.
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

// A Comment is one comment on a page. Source is the text as typed.
type Comment struct {
	ID   string
	Site int64
	Page string // page ID
	// PageTitle is the page title that the commenter's browser sent, if the page had none. It becomes the title of the
	// page when the comment is published.
	PageTitle string
	Parent    string // comment ID, or ""
	Depth     int    // 0 for a root
	Path      string // depth-first position in the page: the parent's Path plus SegmentLength characters
	State     State
	Version   int64

	Name, Email, Website string
	Account              string // account ID of a commenter from the staff, or ""
	Badge                string // "author", "moderator", "owner" or ""
	Verified             bool   // the commenter was signed in, with an account or as a reader
	Source               string
	Lang                 string // en, ru, kk, und

	Reason Reason
	Note   string // message to the commenter

	Writer      []byte // keyed hash of the commenter's identity; nil if unknown
	Address     []byte // keyed hash of the network address prefix; nil if unknown
	Same        []byte // keyed hash that duplicates of the comment share; nil if duplicates are not detected
	Submissions int

	Verdict  Verdict
	Standing uint64 // sequence number of its decision in effect, or 0

	ShownReplies int  // number of direct replies with Shown
	Shown        bool // approved, or a placeholder above shown replies
	Votes        int  // readers' votes, as shown

	Reports    int       // number of open reports by readers
	AppealedAt time.Time // time of the open appeal; zero: none

	Trap    bool   // the honeypot field was filled
	FormAge int    // seconds that the form was open; -1: unknown
	Search  string // folded text for search: text, name, e-mail address, website host

	CreatedAt time.Time
	EditedAt  time.Time // zero: never
	DecidedAt time.Time // last change of state by a decision; zero: never
	EditUntil time.Time
	RemovedAt time.Time // when its commenter withdrew it; zero: never

	// RedactedAt and RedactedWhy are the time and reason of the last redaction; zero: the text is not redacted. Kept holds
	// the text before each redaction, the latest last, until it expires.
	RedactedAt  time.Time
	RedactedWhy string
	Kept        []Revision

	// Withheld is shown to readers in place of c while a takedown covers the comment or its page; nil: no takedown. It
	// does not change the rest of c.
	Withheld *site.Notice
}

// A Visibility says what the public may see of a comment.
type Visibility uint8

// The visibilities.
const (
	Hidden   Visibility = iota // at most a placeholder in the thread
	Withheld                   // a placeholder with the notice of the takedown
	Visible
)

// Visibility returns what the public may see of c. Pages, feeds, exports and messages must use it instead of State,
// because a takedown does not change the state.
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

// PublicState returns the name of c's state for readers, commenters and other programs: "withheld" for an approved
// comment under a takedown.
func (c Comment) PublicState() string {
	if c.Visibility() == Withheld {
		return "withheld"
	}
	return c.State.String()
}

// TextChangedAt returns when c's text last changed; zero: never.
func (c Comment) TextChangedAt() time.Time {
	if c.RedactedAt.After(c.EditedAt) {
		return c.RedactedAt
	}
	return c.EditedAt
}

// Refused reports whether a moderator refused c.
func (c Comment) Refused() bool { return c.State.Refused() }

// Appealed reports whether c has an open appeal.
func (c Comment) Appealed() bool { return !c.AppealedAt.IsZero() }

// IsRetained reports whether c is removed, but its text and personal data are not erased yet.
func (c Comment) IsRetained() bool { return c.State == Removed && c.Source != "" }

// Expired reports whether c was refused and removed after its retention time. Its commenter did not withdraw it.
func (c Comment) Expired() bool { return c.State == Removed && c.RemovedAt.IsZero() }

// RefusalReason returns why c was refused: ReasonOther if no reason was given.
func (c Comment) RefusalReason() Reason {
	if c.State == Spam {
		return ReasonSpam
	}
	return cmp.Or(c.Reason, ReasonOther)
}

// IsForgotten reports whether c is removed and erased: only its place and state are left.
func (c Comment) IsForgotten() bool { return c.State == Removed && c.Source == "" }

// Document returns what the classifier gets of a comment, for predictions and for lessons.
func (c Comment) Document() classifier.Comment {
	return classifier.Comment{Text: c.Source, Author: c.Name, Email: c.Email, URL: c.Website}
}

// Facts returns the input of c's verdict, except for the prediction of the model. h is the commenter's history, and
// ruled holds the findings of the site's rules. Alike, Namesake and Checked are taken from c's last verdict.
func (c Comment) Facts(h History, ruled Findings) Facts {
	return Facts{
		Links:       len(markup.Links(c.HTML())),
		Submissions: c.Submissions,
		Trap:        c.Trap,
		FormAge:     c.FormAge,
		Approved:    h.Approved,
		Refused:     h.Refused,
		Findings:    ruled,
		Alike:       c.Verdict.Alike(),
		Namesake:    c.Verdict.Namesake(),
		Checked:     c.Verdict.Checked(),
	}
}

// Hide reduces a comment that is not public to a placeholder: its place in the thread and, for a withheld comment, the
// notice.
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

// SearchText returns the text that searches match: text, name, e-mail address and website host, folded.
func SearchText(c Comment) string {
	var host string
	if u, err := url.Parse(c.Website); err == nil {
		host = u.Hostname()
	}
	return text.Fold(strings.Join([]string{c.Source, c.Name, c.Email, host}, "\n"))
}

// HTML returns the text as it is shown: "" for a comment without a text.
func (c Comment) HTML() string { return markup.Render(c.Source) }

// A StateChange is what a decision, an undo or a withdrawal writes to a comment. The version is raised by one.
type StateChange struct {
	State     State
	Reason    Reason
	Note      string
	Standing  uint64
	Shown     bool
	DecidedAt time.Time
	RemovedAt time.Time
	DropSame  bool // clear Same, so that the comment does not absorb duplicates: it was withdrawn and never refused
}

// A TextChange is what an edit or a redaction writes to a comment. Same is cleared, and the version is raised by one.
type TextChange struct {
	State       State
	Source      string
	Lang        string
	Search      string
	Verdict     Verdict
	Standing    uint64
	Shown       bool
	EditedAt    time.Time
	RedactedAt  time.Time
	RedactedWhy string
	Kept        []Revision
}

// ChangeTo returns the TextChange that gives a comment the text of next.
func ChangeTo(next Comment) TextChange {
	return TextChange{
		State:       next.State,
		Source:      next.Source,
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

// A History counts the earlier comments of a commenter on a site, at most MostHistory of each kind. A bot may have sent
// a hundred thousand under one name.
type History struct {
	Approved, Refused int
	FirstSeen         time.Time
}

// MaxHistory is the largest count in a History.
const MaxHistory = 1_000

// With returns h plus one comment.
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

// Without returns h minus one comment with the given state.
func (h History) Without(s State) History {
	switch s {
	case Approved:
		h.Approved--
	case Rejected, Spam:
		h.Refused--
	}
	return h
}
