package moderation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	// refusedFor is how long a refused comment swallows the same again.
	refusedFor = 24 * time.Hour
	// minLetters is how long a text without a name must be to be the same as another.
	minLetters = 24
)

// A Form is what the widget's form says of itself.
type Form struct {
	Trap  string // filled by programs only
	Token string // from FormToken
}

// A Submission is a comment as a reader sends it.
type Submission struct {
	PageURL, PageTitle   string
	Parent               string
	Name, Email, Website string
	Body                 string
	Writer               authz.Writer // who showed who they are, in the place of Name, Email and Website
	Form                 *Form
	Press                *string    // of who writes without a script: the Token of their first press, or ""
	Address              netip.Addr // zero: unknown
	Key                  *txn.Key   // Idempotency-Key, Site and Route filled; nil: none
	Limiter              Limiter    // counts it against the budgets of its site; nil for those who have none
}

// Submitted is what became of a Submission, as its writer may know it; with Duplicate only ID and
// State. It is kept for a repeated POST, but for the edit token: the same is made again, which may have been ended.
type Submitted struct {
	ID        string        `json:"id"`
	Version   int64         `json:"version"`
	State     comment.State `json:"state"`
	HTML      string        `json:"html"`
	CreatedAt time.Time     `json:"created_at"`
	EditUntil time.Time     `json:"edit_until"`
	Duplicate bool          `json:"duplicate"`
	EditToken string        `json:"-"` // "" for a duplicate
	EditEpoch int64         `json:"edit_epoch,omitempty"`
	Replayed  bool          `json:"-"`
	Press     *Press        `json:"-"` // nothing was stored: it has to be pressed once more
}

// FormToken returns a signed time stamp for a form that was opened now.
func (s *Service) FormToken(site site.Site) string {
	return s.secret.FormToken(site.ID, s.work.Now())
}

// Submit takes a reader's comment: judged, stored and waiting unless the site publishes it.
// The same again makes no second comment. Who writes without a script, and has not shown who they are, presses twice.
func (s *Service) Submit(ctx context.Context, site site.Site, in Submission) (Submitted, error) {
	if err := s.work.Room(); err != nil {
		return Submitted{}, err
	}
	now := s.work.Now()
	page, c, err := s.draft(site, in, now)
	if err != nil {
		return Submitted{}, err
	}
	if in.Press != nil && !in.Writer.Known() {
		if p := s.pressed(c, *in.Press); p != nil {
			return Submitted{Press: p}, nil
		}
	}
	if err := s.mayArrive(ctx, in.Limiter, in.Writer, page); err != nil {
		return Submitted{}, err
	}
	a := arrival{site: site, page: page, comment: c, parent: in.Parent, segment: comment.NewSegment(now)}
	if a.namesake, err = s.mayBeCalled(ctx, site, c); err != nil {
		return Submitted{}, err
	}
	if c.Account == "" { // what staff write needs no review
		if a.judged, a.ruled, a.like, err = s.look(ctx, site, c); err != nil {
			return Submitted{}, err
		}
	}
	// The transaction may run again: count a new page once, and update memory after the commit.
	a.named = sync.OnceValue(func() error { return mayName(ctx, in.Limiter, in.Writer, page) })
	var stored *comment.Comment
	out, again, err := txn.Answered(ctx, s.work, in.Key, func(tx Tx) (out Submitted, err error) {
		out, stored, err = s.arrive(tx, a)
		return out, err
	})
	if err != nil {
		return Submitted{}, fmt.Errorf("submit: %w", err)
	}
	if stored != nil && !again {
		s.alike.Arrived(*stored)
	}
	s.renewIfOld(site.ID, a.judged)
	out.Replayed = again
	if !out.Duplicate {
		out.EditToken = s.secret.EditToken(site.ID, cmp.Or(out.EditEpoch, 1), out.ID) // 1: kept before sites had one
	}
	return out, nil
}

// mayBeCalled refuses a name of staff to others, and reports whether it is that of somebody else who signed in.
func (s *Service) mayBeCalled(ctx context.Context, site site.Site, c comment.Comment) (namesake bool, err error) {
	if c.Name == "" || c.Badge != "" {
		return false, nil
	}
	staff, err := s.staff(ctx, authz.Operator, site)
	if err != nil {
		return false, err
	}
	if err := c.RefuseNames(staff); err != nil || c.Verified {
		return false, err
	}
	return s.namesake(ctx, site.ID, c.Name)
}

// draft makes the comment of a submission, and its page, as far as that needs no database.
func (s *Service) draft(blog site.Site, in Submission, now time.Time) (site.Page, comment.Comment, error) {
	url, err := blog.PageURL(in.PageURL)
	if err != nil {
		return site.Page{}, comment.Comment{}, err
	}
	c := comment.Comment{
		ID:          txn.NewID(),
		Site:        blog.ID,
		Version:     1,
		Submissions: 1,
		FormAge:     -1,
		CreatedAt:   now,
		EditUntil:   now.Add(time.Duration(blog.Settings.EditMinutes) * time.Minute),
	}
	if err := in.check(); err != nil {
		return site.Page{}, comment.Comment{}, err
	}
	if err := c.Sign(in.Name, in.Email, in.Website); err != nil {
		return site.Page{}, comment.Comment{}, err
	}
	if w := in.Writer; w.Known() {
		c.Name, c.Email, c.Account, c.Badge, c.Verified = w.Name, w.Email, w.Account, w.Role.String(), true
	}
	if err := asked(blog, c, in.Writer); err != nil {
		return site.Page{}, comment.Comment{}, err
	}
	if c.Account != "" {
		c.EditUntil = now // as a reply from the desk, it stands as it was written
	}
	body, err := comment.CheckBody(in.Body)
	if err != nil {
		return site.Page{}, comment.Comment{}, err
	}
	c.Write(body)
	if in.Form != nil {
		c.Trap = in.Form.Trap != ""
		c.FormAge = s.secret.FormAge(blog.ID, in.Form.Token, now)
	}
	prefix := text.Prefix(in.Address)
	switch {
	case c.Account != "": // nothing else is kept of staff
		c.Writer = s.secret.Hash("writer", blog.ID, "account", c.Account)
	case c.Verified:
		c.Writer = s.secret.Hash("writer", blog.ID, "guest", in.Writer.Guest)
	case c.Name != "" || c.Email != "":
		c.Writer = s.secret.Hash("writer", blog.ID, c.Identity(prefix)...)
	}
	if c.Account == "" && prefix != "" {
		c.Address = s.secret.Hash("address", blog.ID, prefix)
	}
	c.Head(in.PageTitle)
	return site.Page{ID: txn.NewID(), Site: blog.ID, URL: url, Open: true, CreatedAt: now}, c, nil
}

// asked refuses a comment whose writer says less of themselves than the site asks for.
func asked(blog site.Site, c comment.Comment, by authz.Writer) error {
	switch who := blog.Settings.Asks(); {
	case who == site.WhoAnyone || c.Verified && !(by.Mailed && who == site.WhoAccount):
		return nil
	case who == site.WhoVerified:
		return problem.Field("/author/identity", "This site asks for an e-mail address that is yours for certain. "+
			"Have a code mailed to it, and sign in with that.")
	case who == site.WhoAccount:
		return problem.Field("/author/identity", "Only who is signed in may write here. Sign in first.")
	case c.Name == "":
		return problem.Field("/author/name", "This site asks for a name.")
	case c.Email == "" && who == site.WhoEmail:
		return problem.Field("/author/email", "This site asks for an e-mail address, which is never shown.")
	}
	return nil
}

// check refuses fields that are no text.
func (in Submission) check() error {
	for _, f := range []struct{ field, text string }{
		{"/author/name", in.Name}, {"/author/email", in.Email}, {"/author/website", in.Website},
		{"/page/title", in.PageTitle},
	} {
		if !utf8.ValidString(f.text) {
			return problem.Field(f.field, "This is not valid UTF-8.")
		}
	}
	return nil
}

// arrival is what Submit brings into its transaction.
type arrival struct {
	site    site.Site
	page    site.Page
	comment comment.Comment
	parent  string
	segment string
	judged  comment.Judged
	ruled   comment.Findings
	like    int          // refused comments that it is nearly the same as, as far as was asked
	named   func() error // that its page is new, which may be too often

	namesake bool // somebody else goes by its writer's name
}

// arrive stores a comment, or counts another submission of a stored one; stored is nil then.
func (s *Service) arrive(tx Tx, a arrival) (out Submitted, stored *comment.Comment, err error) {
	c := a.comment
	if c.Shown = c.Account != ""; !c.Shown {
		h, err := writerHistory(tx, c)
		if err != nil {
			return Submitted{}, nil, err
		}
		facts := c.Facts(h, a.ruled)
		facts.Alike, facts.Namesake = a.like, a.namesake
		c.Verdict = comment.VerdictOf(facts, a.judged, a.site.Settings.Threshold())
		if c.Shown, err = publishes(tx, a.site, c, h, a.judged); err != nil {
			return Submitted{}, nil, err
		}
	}
	if c.Shown {
		c.State = comment.Approved
	}
	if c.Shown && a.parent != "" { // its parents' counts of shown replies are the log's to guard
		if _, err := tx.LockLog(a.site.ID); err != nil {
			return Submitted{}, nil, fmt.Errorf("lock log: %w", err)
		}
	}
	page, err := tx.EnsurePage(a.page)
	if err != nil {
		return Submitted{}, nil, fmt.Errorf("ensure page: %w", err)
	}
	if page.ID == a.page.ID {
		if err := a.named(); err != nil {
			return Submitted{}, nil, err
		}
	}
	if c.Badge == "" && !a.site.Settings.Takes(page, c.CreatedAt) {
		return Submitted{}, nil, problem.Wrong("page.closed", "", "This page takes no more comments.")
	}
	c.Page = page.ID
	if page.Title != "" {
		c.PageTitle = ""
	}
	if err := s.placeUnder(tx, &c, a.parent, a.segment); err != nil {
		return Submitted{}, nil, err
	}
	c.Same = s.sameness(c)
	if c.Same != nil {
		if err := tx.ReleaseSame(c.Site, c.Same, c.CreatedAt.Add(-refusedFor)); err != nil {
			return Submitted{}, nil, fmt.Errorf("release same: %w", err)
		}
	}
	found, fresh, err := tx.InsertComment(c)
	if err != nil {
		return Submitted{}, nil, fmt.Errorf("insert comment: %w", err)
	}
	if !fresh {
		out, err = submittedAgain(tx, a.site, found)
		return out, nil, err
	}
	if c.Shown {
		if err := newShowing(tx, c.Site).replyShown(c.Parent, true); err != nil {
			return Submitted{}, nil, err
		}
		if err := settleTitle(tx, c); err != nil {
			return Submitted{}, nil, err
		}
	}
	err = tx.Emit(event.Event{
		Site:    c.Site,
		Kind:    event.Arrived,
		Page:    c.Page,
		Comment: c.ID,
		Shown:   c.Shown,
		Added:   c.Shown,
		At:      c.CreatedAt,
	})
	return Submitted{
		ID:        c.ID,
		Version:   c.Version,
		State:     c.State,
		HTML:      c.HTML,
		CreatedAt: c.CreatedAt,
		EditUntil: c.EditUntil,
		EditEpoch: a.site.EditEpoch,
	}, &c, err
}

// submittedAgain takes note of one more submission of a comment that is there.
func submittedAgain(tx Tx, site site.Site, c comment.Comment) (Submitted, error) {
	r := Submitted{ID: c.ID, State: c.State, Duplicate: true}
	facts := c.Facts(comment.History{}, comment.Findings{})
	if c.State != comment.Pending || !facts.Lifted() {
		return r, nil
	}
	if _, err := tx.SetVerdict(c, c.Verdict.Again(facts, site.Settings.Threshold())); err != nil {
		return Submitted{}, fmt.Errorf("set verdict: %w", err)
	}
	return r, tx.Emit(event.Event{Site: c.Site, Kind: event.Judged, Page: c.Page, Comment: c.ID,
		At: c.CreatedAt})
}

// settleTitle gives c's page the title that c brought, now that c is published, or takes it away again: what a
// stranger's browser calls a page is no less theirs than the comment.
func settleTitle(tx Tx, c comment.Comment) error {
	if c.PageTitle == "" {
		return nil
	}
	if err := tx.TitlePage(c, c.State == comment.Approved); err != nil {
		return fmt.Errorf("settle the page's title: %w", err)
	}
	return nil
}

// sameness is what makes c the same as another comment of its page, or nil where nothing
// can: without a name, short texts of one address are of many people.
func (s *Service) sameness(c comment.Comment) []byte {
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

// placeUnder gives c its place below parent, which readers must be able to see on c's page.
func (s *Service) placeUnder(tx Tx, c *comment.Comment, parent, segment string) error {
	if parent == "" {
		return c.Under(nil, segment)
	}
	p, err := readComment(tx, c.Site, parent)
	var e *problem.Error
	if errors.As(err, &e) || err == nil && (p.Page != c.Page || !p.IsPublic()) {
		return problem.Wrong("parent.unknown", "/parent",
			"The comment that this one answers is not there, or not any more.")
	}
	if err != nil {
		return err
	}
	return c.Under(&p, segment)
}

// writerHistory is what the site knows of c's writer.
func writerHistory(tx Tx, c comment.Comment) (comment.History, error) {
	if c.Writer == nil {
		return comment.History{}, nil
	}
	known, err := tx.Records(c.Site, [][]byte{c.Writer})
	if err != nil {
		return comment.History{}, fmt.Errorf("read the writer's history: %w", err)
	}
	return known[string(c.Writer)], nil
}
