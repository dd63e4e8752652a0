package moderation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
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
	// refusedFor is how long after its refusal a comment absorbs duplicates.
	refusedFor = 24 * time.Hour
	// minLetters is the minimum length of a text without a name for which duplicates are detected.
	minLetters = 24
)

// A Form holds the spam protection fields of the widget's form.
type Form struct {
	Trap  string // honeypot field, filled only by bots
	Token string // from FormToken
}

// A Submission is a comment as a commenter sends it.
type Submission struct {
	PageURL, PageTitle   string
	Parent               string
	Name, Email, Website string
	Body                 string
	Writer               authz.Writer // identity of a signed-in commenter; its name and address replace Name and Email
	Form                 *Form
	Confirmation         *string             // set without JavaScript: Token of the first submission, or ""
	Address              netip.Addr          // zero: unknown
	Key                  *txn.IdempotencyKey // with Site and Route set; nil: none
	Limiter              Limiter             // nil: no budgets
}

// Submitted is the result of a Submission for its commenter; for a duplicate, only ID and State are set. It is stored
// for repeated POSTs without the edit token. Submit derives the token again, which may have been revoked meanwhile.
type Submitted struct {
	ID           string        `json:"id"`
	Version      int64         `json:"version"`
	State        comment.State `json:"state"`
	HTML         string        `json:"html"`
	CreatedAt    time.Time     `json:"created_at"`
	EditUntil    time.Time     `json:"edit_until"`
	Duplicate    bool          `json:"duplicate"`
	EditToken    string        `json:"-"` // "" for a duplicate
	EditEpoch    int64         `json:"edit_epoch,omitempty"`
	Replayed     bool          `json:"-"`
	Confirmation *Confirmation `json:"-"` // not nil: nothing was stored, and the commenter has to confirm
}

// FormToken returns a signed timestamp for a form that is opened now.
func (s *Service) FormToken(site site.Site) string {
	return s.secret.FormToken(site.ID, s.work.Now())
}

// Submit stores a comment with its verdict. It is pending unless the site publishes it. A duplicate creates no second
// comment. Without JavaScript, a commenter who is not signed in has to confirm.
func (s *Service) Submit(ctx context.Context, site site.Site, in Submission) (Submitted, error) {
	if err := s.work.CheckSpace(); err != nil {
		return Submitted{}, err
	}
	now := s.work.Now()
	page, c, err := s.draft(site, in, now)
	if err != nil {
		return Submitted{}, err
	}
	if in.Confirmation != nil && !in.Writer.Known() {
		if p := s.confirmation(c, *in.Confirmation); p != nil {
			return Submitted{Confirmation: p}, nil
		}
	}
	if err := s.checkCommentBudget(ctx, in.Limiter, in.Writer, page); err != nil {
		return Submitted{}, err
	}
	a := arrival{site: site, page: page, comment: c, parent: in.Parent, segment: comment.NewSegment(now)}
	if a.namesake, err = s.checkDisplayName(ctx, site, c); err != nil {
		return Submitted{}, err
	}
	if c.Account == "" { // comments by staff need no review
		if a.prediction, a.findings, a.refusedAlike, err = s.look(ctx, site, c); err != nil {
			return Submitted{}, err
		}
	}
	// The transaction may run again: count a new page once, and update memory after the commit.
	a.countPage = sync.OnceValue(func() error { return checkPageBudget(ctx, in.Limiter, in.Writer, page) })
	var stored *comment.Comment
	out, again, err := txn.Idempotent(ctx, s.work, in.Key, func(tx Tx) (out Submitted, err error) {
		out, stored, err = s.arrive(tx, a)
		return out, err
	})
	if err != nil {
		return Submitted{}, fmt.Errorf("submit: %w", err)
	}
	if stored != nil && !again {
		s.campaigns.CacheArrival(*stored)
	}
	if !again {
		s.logArrival(ctx, site, out, stored)
	}
	s.rescoreIfStale(site.ID, a.prediction)
	out.Replayed = again
	if !out.Duplicate {
		out.EditToken = s.secret.EditToken(site.ID, cmp.Or(out.EditEpoch, 1), out.ID) // 1: stored before sites had an epoch
	}
	return out, nil
}

// logArrival logs why a comment has its state, without personal data. stored is nil for a duplicate, whose line has the
// ID and state of the first comment.
func (s *Service) logArrival(ctx context.Context, site site.Site, out Submitted, stored *comment.Comment) {
	facts := []any{"site", site.Key, "comment", out.ID, "state", out.State.String(), "duplicate", out.Duplicate}
	if stored != nil {
		facts = append(facts, verdictFacts(*stored)...)
	}
	s.log.InfoContext(ctx, "comment", facts...)
}

// verdictFacts returns the verdict on a comment for the log. Comments of staff have none.
func verdictFacts(c comment.Comment) []any {
	v := c.Verdict
	if c.Account != "" {
		return nil
	}
	return []any{"score", math.Round(v.Score*1000) / 1000, "kind", string(v.Kind()), "action", v.Action.String(),
		"signals", v.SignalCodes()}
}

// checkDisplayName returns an error if the commenter, who is not staff, uses a name of staff. namesake reports whether
// another signed-in reader has the name.
func (s *Service) checkDisplayName(ctx context.Context, site site.Site, c comment.Comment) (namesake bool, err error) {
	if c.Name == "" || c.Badge != "" {
		return false, nil
	}
	staff, err := s.staff(ctx, authz.Operator, site)
	if err != nil {
		return false, err
	}
	if err := c.CheckName(staff); err != nil || c.Verified {
		return false, err
	}
	return s.namesake(ctx, site.ID, c.Name)
}

// draft creates the comment of a submission and its page, as far as possible without the database.
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
	if err := checkIdentity(blog, c, in.Writer); err != nil {
		return site.Page{}, comment.Comment{}, err
	}
	if c.Account != "" {
		c.EditUntil = now // like replies from the desk, it cannot be edited
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
	prefix := text.Network(in.Address)
	switch {
	case c.Account != "": // no address is stored for staff
		c.Writer = s.secret.Hash("writer", blog.ID, "account", c.Account)
	case c.Verified:
		c.Writer = s.secret.Hash("writer", blog.ID, "guest", in.Writer.Reader)
	case c.Name != "" || c.Email != "":
		c.Writer = s.secret.Hash("writer", blog.ID, c.Identity(prefix)...)
	}
	if c.Account == "" && prefix != "" {
		c.Address = s.secret.Hash("address", blog.ID, prefix)
	}
	c.Head(in.PageTitle)
	return site.Page{ID: txn.NewID(), Site: blog.ID, URL: url, Open: true, CreatedAt: now}, c, nil
}

// checkIdentity returns an error if the commenter provides less than the site requires.
func checkIdentity(blog site.Site, c comment.Comment, by authz.Writer) error {
	switch who := blog.Settings.RequiredIdentity(); {
	case who == site.IdentityAnyone || c.Verified && !(by.CodeOnly && who == site.IdentityAccount):
		return nil
	case who == site.IdentityVerified:
		return problem.Field("/author/identity", "This site requires a confirmed e-mail address. "+
			"Sign in with a mailed code.")
	case who == site.IdentityAccount:
		return problem.Field("/author/identity", "This site requires a sign-in. Sign in first.")
	case c.Name == "":
		return problem.Field("/author/name", "This site asks for a name.")
	case c.Email == "" && who == site.IdentityEmail:
		return problem.Field("/author/email", "This site asks for an e-mail address, which is never shown.")
	}
	return nil
}

// check returns an error if a field is not valid UTF-8.
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

// An arrival is the input of the transaction of Submit.
type arrival struct {
	site         site.Site
	page         site.Page
	comment      comment.Comment
	parent       string
	segment      string
	prediction   comment.Prediction
	findings     comment.Findings
	refusedAlike int          // number of similar refused comments, if it was requested
	countPage    func() error // counts a new page against the budget

	namesake bool // another signed-in reader has the commenter's name
}

// arrive stores a comment. For a duplicate it counts the submission, and stored is nil.
func (s *Service) arrive(tx Tx, a arrival) (out Submitted, stored *comment.Comment, err error) {
	c := a.comment
	if c.Shown = c.Account != ""; !c.Shown {
		h, err := writerHistory(tx, c)
		if err != nil {
			return Submitted{}, nil, err
		}
		facts := c.Facts(h, a.findings)
		facts.Alike, facts.Namesake = a.refusedAlike, a.namesake
		c.Verdict = comment.VerdictOf(facts, a.prediction, a.site.Settings.Threshold())
		if c.Shown, err = publishes(tx, a.site, c, h, a.prediction); err != nil {
			return Submitted{}, nil, err
		}
	}
	if c.Shown {
		c.State = comment.Approved
	}
	if c.Shown && a.parent != "" { // the log lock protects the parents' counts of shown replies
		if _, err := tx.LockLog(a.site.ID); err != nil {
			return Submitted{}, nil, fmt.Errorf("lock log: %w", err)
		}
	}
	page, err := tx.EnsurePage(a.page)
	if err != nil {
		return Submitted{}, nil, fmt.Errorf("ensure page: %w", err)
	}
	if page.ID == a.page.ID {
		if err := a.countPage(); err != nil {
			return Submitted{}, nil, err
		}
	}
	if c.Badge == "" && !a.site.Settings.TakesComments(page, c.CreatedAt) {
		return Submitted{}, nil, problem.Wrong("page.closed", "", "This page takes no more comments.")
	}
	c.Page = page.ID
	if page.Title != "" {
		c.PageTitle = ""
	}
	if err := s.placeUnder(tx, &c, a.parent, a.segment); err != nil {
		return Submitted{}, nil, err
	}
	c.Same = s.duplicateKey(c)
	if c.Same != nil {
		if err := tx.ReleaseSame(c.Site, c.Same, c.CreatedAt.Add(-refusedFor)); err != nil {
			return Submitted{}, nil, fmt.Errorf("release duplicate key: %w", err)
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
		if err := newShownTracker(tx, c.Site).replyShown(c.Parent, true); err != nil {
			return Submitted{}, nil, err
		}
		if err := updatePageTitle(tx, c); err != nil {
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
		HTML:      c.HTML(),
		CreatedAt: c.CreatedAt,
		EditUntil: c.EditUntil,
		EditEpoch: a.site.EditEpoch,
	}, &c, err
}

// submittedAgain updates the verdict of a stored comment after a duplicate of it arrived.
func submittedAgain(tx Tx, site site.Site, c comment.Comment) (Submitted, error) {
	r := Submitted{ID: c.ID, State: c.State, Duplicate: true}
	facts := c.Facts(comment.History{}, comment.Findings{})
	if c.State != comment.Pending || !facts.Lifted() {
		return r, nil
	}
	if _, err := tx.SetVerdict(c, c.Verdict.WithRepeats(facts, site.Settings.Threshold())); err != nil {
		return Submitted{}, fmt.Errorf("set verdict: %w", err)
	}
	return r, tx.Emit(event.Event{Site: c.Site, Kind: event.Rescored, Page: c.Page, Comment: c.ID,
		At: c.CreatedAt})
}

// updatePageTitle sets or removes the page title that c brought, depending on whether c is public. The title comes from the
// commenter's browser, so it is as untrusted as the comment.
func updatePageTitle(tx Tx, c comment.Comment) error {
	if c.PageTitle == "" {
		return nil
	}
	if err := tx.SetPageTitle(c, c.State == comment.Approved); err != nil {
		return fmt.Errorf("update the page's title: %w", err)
	}
	return nil
}

// duplicateKey returns the hash that duplicates of c on its page share, or nil. Without a name, short texts from one
// address may be from different people, so their hash is nil.
func (s *Service) duplicateKey(c comment.Comment) []byte {
	if c.Name == "" && text.CountLetters(c.Source) < minLetters {
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

// placeUnder places c below parent, which must be visible to readers of c's page.
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

// writerHistory returns the history of c's commenter.
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
