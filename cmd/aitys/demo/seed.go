package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
)

// The key of the demo's site, and the e-mail of the account that signs in.
const (
	Site  = "demo"
	Owner = "moderator@demo.example"
)

const author = "author@demo.example" // the author of the blog

// A Clock is set by the script, so that comments have different ages. It implements txn.Clock.
type Clock struct{ micros atomic.Int64 }

// NewClock returns a clock that shows t.
func NewClock(t time.Time) *Clock {
	c := &Clock{}
	c.set(t)
	return c
}

// Now returns the current time of the script.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.micros.Load()) }

func (c *Clock) set(t time.Time) { c.micros.Store(t.UnixMicro()) }

// A seeder replays the demo's script through the services, as readers and a moderator.
type seeder struct {
	ctx context.Context
	*app.App
	clock *Clock // the clock of the App
	blog  *Blog
	now   time.Time // the start of the demo

	site             site.Site
	moderator, staff authz.Actor
	ids              map[string]string // IDs of comments by their names in the script
	readers          int
	withdrawals      []moderation.Submitted // comments that are withdrawn the next evening
}

// unfinished is the name of the demo's site until the script has ended.
const unfinished = "Small Hours (in the making)"

// Seed fills the demo's database with comments on the articles of blog, unless it is filled already. Readers may open the
// pages under origins. It returns a new token of the moderator. The clock of a must be clock, set to the start of the
// demo. No other goroutine may use a meanwhile.
func Seed(
	ctx context.Context, a *app.App, clock *Clock, blog *Blog, password string, origins []string,
) (token string, err error) {
	s := seeder{ctx: ctx, App: a, clock: clock, blog: blog, now: clock.Now(), ids: map[string]string{}}
	return s.run(password, origins)
}

func (s *seeder) run(password string, origins []string) (token string, err error) {
	sites, err := s.Process.Sites(s.ctx, authz.Operator)
	if err != nil {
		return "", err
	}
	done := false
	for _, site := range sites {
		if site.Key != Site {
			continue
		}
		if done = site.Name != unfinished; !done { // interrupted earlier: start again
			if err := s.Sites.RemoveSite(s.ctx, authz.Operator, Site); err != nil {
				return "", err
			}
		}
	}
	s.clock.set(s.now)
	if !done {
		s.clock.set(s.now.Add(-time.Duration(len(week)+1) * day))
		s.site, _, err = s.Sites.AddSite(s.ctx, authz.Operator,
			site.Site{Key: Site, Name: unfinished, Origins: origins}, nil)
		if err != nil {
			return "", err
		}
	}
	if token, err = s.accounts(password); err != nil {
		return "", fmt.Errorf("accounts: %w", err)
	}
	if done {
		return token, s.move(origins)
	}
	if err := s.play(); err != nil {
		return "", err
	}
	name := "Small Hours"
	_, err = s.Sites.SetSite(s.ctx, authz.Operator, Site, map[string]string{"name": name})
	return token, err
}

// accounts creates the demo's accounts, or sets new passwords. It returns a new token of the moderator.
func (s *seeder) accounts(password string) (token string, err error) {
	if s.moderator, token, err = s.account(Owner, "Mira", authz.Owner, nil, password); err != nil {
		return "", err
	}
	s.staff, _, err = s.account(author, "Aliya Brandt", authz.Author, []string{Site}, rand.Text())
	return token, err
}

func (s *seeder) account(
	email, name string, role authz.Role, sites []string, password string,
) (authz.Actor, string, error) {
	accounts, err := s.Identity.Accounts(s.ctx, authz.Operator)
	if err != nil {
		return authz.Actor{}, "", err
	}
	known := false
	for _, a := range accounts {
		if known = a.Email == email; known {
			change := identity.AccountChange{Password: &password}
			if sites != nil {
				change.Role, change.Sites = &role, sites // the site may have been created again
			}
			if _, err = s.Identity.SetAccount(s.ctx, authz.Operator, a.ID, change); err == nil {
				err = s.forgetTokens(a.ID)
			}
			break
		}
	}
	if !known {
		_, _, err = s.Identity.AddAccount(s.ctx, authz.Operator, identity.NewAccount{
			Email: email, Name: name, Role: role, Sites: sites, Password: password})
	}
	if err != nil {
		return authz.Actor{}, "", err
	}
	_, token, err := s.Identity.AddToken(s.ctx, authz.Operator, identity.NewToken{
		Account: email, Name: Site, Scope: authz.ScopeAdmin})
	if err != nil {
		return authz.Actor{}, "", err
	}
	who, err := s.Identity.ActorByToken(s.ctx, token)
	return who, token, err
}

// forgetTokens revokes the tokens of earlier demos.
func (s *seeder) forgetTokens(account string) error {
	tokens, err := s.Identity.Tokens(s.ctx, authz.Operator)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if t.Account == account && t.Name == Site {
			if err := s.Identity.RemoveToken(s.ctx, authz.Operator, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// move sets the site's origins and the URLs of its pages to the address of this server.
func (s *seeder) move(origins []string) error {
	site, err := s.Sites.SetSite(s.ctx, authz.Operator, Site,
		map[string]string{"origin": strings.Join(origins, " ")})
	if err != nil {
		return err
	}
	pages, _, err := s.Sites.Pages(s.ctx, authz.Operator, site, "", 100)
	if err != nil {
		return err
	}
	for _, p := range pages {
		old, err := url.Parse(p.URL)
		if err != nil {
			return fmt.Errorf("read a page's address: %w", err)
		}
		for _, a := range s.blog.articles {
			if a.Path == old.Path && a.URL != p.URL {
				if _, err := s.Sites.SetPage(s.ctx, authz.Operator, site, p.ID,
					sites.PageChange{URL: &a.URL}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

const day = 24 * time.Hour

// play replays each day of the week, its comments and then the moderator's decisions, and then today.
func (s *seeder) play() error {
	for i, comments := range week {
		morning := s.now.Add(-time.Duration(len(week)-i+1) * day).Add(7 * time.Hour)
		all, err := s.submitAll(comments, morning, 55*time.Minute)
		if err != nil {
			return err
		}
		if err := s.moderate(comments, all, morning.Add(13*time.Hour)); err != nil {
			return fmt.Errorf("day %d: %w", i+1, err)
		}
	}
	_, err := s.submitAll(today, s.now.Add(-time.Duration(len(today))*34*time.Minute), 34*time.Minute-20*time.Second)
	if err != nil {
		return fmt.Errorf("today: %w", err)
	}
	return nil
}

// submitAll submits comments, one per pause, starting at from.
func (s *seeder) submitAll(comments []scripted, from time.Time, pause time.Duration) ([]moderation.Submitted, error) {
	all := make([]moderation.Submitted, len(comments))
	for i, c := range comments {
		at := from.Add(time.Duration(i) * pause).Add(time.Duration(i*i*7%13) * time.Minute / 2)
		s.clock.set(at)
		if c.to != "" && s.ids[c.to] == "" {
			return nil, fmt.Errorf("the script has no comment %q", c.to)
		}
		if c.staff {
			answer, err := s.Moderation.Reply(s.ctx, s.staff, s.site, moderation.Ref{ID: s.ids[c.to]}, c.text, nil)
			if err != nil {
				return nil, fmt.Errorf("answer %q: %w", c.to, err)
			}
			s.remember(c.id, answer.Comment.ID)
			continue
		}
		done, err := s.submit(c, at)
		if err != nil {
			return nil, fmt.Errorf("comment of %q: %w", c.name, err)
		}
		all[i] = done
		s.remember(c.id, done.ID)
	}
	return all, nil
}

// remember stores the ID of a comment that has a name in the script.
func (s *seeder) remember(name, id string) {
	if name != "" {
		s.ids[name] = id
	}
}

func (s *seeder) submit(c scripted, at time.Time) (first moderation.Submitted, err error) {
	s.readers++
	page := s.blog.articles[c.on]
	in := moderation.Submission{
		PageURL: page.URL, PageTitle: page.Title, Parent: s.ids[c.to],
		Name: c.name, Email: c.mail, Website: c.website, Body: c.text,
		Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(s.readers)}), // a range for documentation (RFC 5737)
	}
	for i := range max(1, c.times) {
		in.Form = &moderation.Form{Token: s.Moderation.FormToken(s.site)}
		if c.trap {
			in.Form.Trap = "https://fill.example"
		}
		s.clock.set(at.Add(time.Duration(i*90+45) * time.Second)) // the time spent writing
		done, err := s.Moderation.Submit(s.ctx, s.site, in)
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = done
		}
	}
	if c.edited != "" {
		s.clock.set(at.Add(4 * time.Minute))
		_, _, err = s.Moderation.Edit(s.ctx, s.site, first.ID, first.EditToken, c.edited)
	}
	return first, err
}

// moderate makes the decisions of the script at a time. Comments with the same outcome are one batch.
func (s *seeder) moderate(comments []scripted, all []moderation.Submitted, at time.Time) error {
	s.clock.set(at)
	batches := map[outcome][]moderation.Ref{}
	var order []outcome
	for i, c := range comments {
		if c.staff || c.outcome.pending {
			continue
		}
		item, _, err := s.Moderation.Item(s.ctx, s.moderator, s.site, all[i].ID)
		if err != nil {
			return err
		}
		ref := moderation.Ref{ID: item.Comment.ID, Version: item.Comment.Version}
		if c.undone {
			if ref, err = s.undoMistake(ref); err != nil {
				return err
			}
		}
		if batches[c.outcome] == nil {
			order = append(order, c.outcome)
		}
		batches[c.outcome] = append(batches[c.outcome], ref)
	}
	for i, f := range order {
		s.clock.set(at.Add(time.Duration(i+1) * time.Minute))
		out, err := s.Moderation.Decide(s.ctx, s.moderator, s.site, moderation.Choice{
			Action: f.action, Reason: f.reason, Note: f.note, Comments: batches[f]})
		if err != nil {
			return err
		}
		if out.Done != len(batches[f]) {
			return fmt.Errorf("decided %d of %d", out.Done, len(batches[f]))
		}
	}
	// No follower runs here. Learn now, so that the next comments are scored with these lessons.
	if err := s.Learning.Learn(s.ctx, s.site); err != nil {
		return err
	}
	return s.withdraw(comments, all, at.Add(time.Hour))
}

// withdraw withdraws the comments that the script marked the day before.
func (s *seeder) withdraw(comments []scripted, all []moderation.Submitted, at time.Time) error {
	s.clock.set(at)
	for _, l := range s.withdrawals {
		if err := s.Moderation.Withdraw(s.ctx, s.site, l.ID, l.EditToken); err != nil {
			return err
		}
	}
	s.withdrawals = nil
	for i, c := range comments {
		if c.withdrawn {
			s.withdrawals = append(s.withdrawals, all[i])
		}
	}
	return nil
}

// undoMistake marks a comment as spam and undoes it at once. It returns the comment's new version.
func (s *seeder) undoMistake(ref moderation.Ref) (moderation.Ref, error) {
	out, err := s.Moderation.Decide(s.ctx, s.moderator, s.site, moderation.Choice{
		Action: comment.MarkSpam, Comments: []moderation.Ref{ref}})
	if err != nil {
		return ref, err
	}
	if _, err := s.Moderation.Undo(s.ctx, s.moderator, s.site, out.Batch, nil); err != nil {
		return ref, err
	}
	item, _, err := s.Moderation.Item(s.ctx, s.moderator, s.site, ref.ID)
	ref.Version = item.Comment.Version
	return ref, err
}
