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

// Names of the demo in the service: of its site, and of the account that signs in.
const (
	Site  = "demo"
	Owner = "moderator@demo.example"
)

const author = "author@demo.example" // writes the blog

// A Clock is set by the script, so that the demo's comments have ages. It implements txn.Clock.
type Clock struct{ micros atomic.Int64 }

// NewClock returns a clock that stands at t.
func NewClock(t time.Time) *Clock {
	c := &Clock{}
	c.set(t)
	return c
}

// Now returns the time that the script has come to.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.micros.Load()) }

func (c *Clock) set(t time.Time) { c.micros.Store(t.UnixMicro()) }

// A seeder plays the demo's script through the service, as readers and a moderator would.
type seeder struct {
	ctx context.Context
	*app.App
	clock *Clock // of the App
	blog  *Blog
	now   time.Time // when the demo opens

	site             site.Site
	moderator, staff authz.Actor
	ids              map[string]string // of comments, by their names in the script
	readers          int
	leaving          []moderation.Submitted // their writers withdraw them the next evening
}

// unfinished is the name of the demo's site until its script was played to the end.
const unfinished = "Small Hours (in the making)"

// Seed fills the demo's database, unless that was done before, with what was said under the articles
// of blog, which readers may open under origins. It returns a new token of the moderator's. The clock of a must be clock,
// set to the time when the demo opens, and nothing else may use a.
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
		if done = site.Name != unfinished; !done { // it was cut short: from the beginning
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
	if token, err = s.people(password); err != nil {
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

// people makes the demo's accounts, or gives them new passwords, and the moderator a new token.
func (s *seeder) people(password string) (token string, err error) {
	if s.moderator, token, err = s.person(Owner, "Mira", authz.Owner, nil, password); err != nil {
		return "", err
	}
	s.staff, _, err = s.person(author, "Aliya Brandt", authz.Author, []string{Site}, rand.Text())
	return token, err
}

func (s *seeder) person(
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
				change.Role, change.Sites = &role, sites // the site may have been made anew
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

// forgetTokens ends the tokens of demos before this one.
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

// move takes the demo to another address: its pages are those of this server.
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

// play plays the days, each with its comments and then a moderator's hour, and then today.
func (s *seeder) play() error {
	for i, comments := range week {
		morning := s.now.Add(-time.Duration(len(week)-i+1) * day).Add(7 * time.Hour)
		all, err := s.say(comments, morning, 55*time.Minute)
		if err != nil {
			return err
		}
		if err := s.read(comments, all, morning.Add(13*time.Hour)); err != nil {
			return fmt.Errorf("day %d: %w", i+1, err)
		}
	}
	_, err := s.say(today, s.now.Add(-time.Duration(len(today))*34*time.Minute), 34*time.Minute-20*time.Second)
	if err != nil {
		return fmt.Errorf("today: %w", err)
	}
	return nil
}

// say submits comments, one each pause from a time on.
func (s *seeder) say(comments []said, from time.Time, pause time.Duration) ([]moderation.Submitted, error) {
	all := make([]moderation.Submitted, len(comments))
	for i, c := range comments {
		at := from.Add(time.Duration(i) * pause).Add(time.Duration(i*i*7%13) * time.Minute / 2)
		s.clock.set(at)
		if c.to != "" && s.ids[c.to] == "" {
			return nil, fmt.Errorf("nobody said %q", c.to)
		}
		if c.staff {
			answer, err := s.Moderation.Reply(s.ctx, s.staff, s.site, moderation.Ref{ID: s.ids[c.to]}, c.text, nil)
			if err != nil {
				return nil, fmt.Errorf("answer %q: %w", c.to, err)
			}
			s.called(c.id, answer.Comment.ID)
			continue
		}
		done, err := s.submit(c, at)
		if err != nil {
			return nil, fmt.Errorf("comment of %q: %w", c.name, err)
		}
		all[i] = done
		s.called(c.id, done.ID)
	}
	return all, nil
}

// called remembers a comment that the script has a name for.
func (s *seeder) called(name, id string) {
	if name != "" {
		s.ids[name] = id
	}
}

func (s *seeder) submit(c said, at time.Time) (first moderation.Submitted, err error) {
	s.readers++
	page := s.blog.articles[c.on]
	in := moderation.Submission{
		PageURL: page.URL, PageTitle: page.Title, Parent: s.ids[c.to],
		Name: c.name, Email: c.mail, Website: c.website, Body: c.text,
		Address: netip.AddrFrom4([4]byte{198, 51, 100, byte(s.readers)}), // documentation's own
	}
	for i := range max(1, c.times) {
		in.Form = &moderation.Form{Token: s.Moderation.FormToken(s.site)}
		if c.trap {
			in.Form.Trap = "https://fill.example"
		}
		s.clock.set(at.Add(time.Duration(i*90+45) * time.Second)) // they write for a while
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

// read is a moderator's hour: like with like in one batch, in the order they came.
func (s *seeder) read(comments []said, all []moderation.Submitted, at time.Time) error {
	s.clock.set(at)
	batches := map[fate][]moderation.Ref{}
	var order []fate
	for i, c := range comments {
		if c.staff || c.fate.waits {
			continue
		}
		item, _, err := s.Moderation.Item(s.ctx, s.moderator, s.site, all[i].ID)
		if err != nil {
			return err
		}
		ref := moderation.Ref{ID: item.Comment.ID, Version: item.Comment.Version}
		if c.undone {
			if ref, err = s.slip(ref); err != nil {
				return err
			}
		}
		if batches[c.fate] == nil {
			order = append(order, c.fate)
		}
		batches[c.fate] = append(batches[c.fate], ref)
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
	// Nobody follows the log for us: what is judged next is judged by what was taught now.
	if err := s.Learning.Learn(s.ctx, s.site); err != nil {
		return err
	}
	return s.leave(comments, all, at.Add(time.Hour))
}

// leave has writers withdraw what they said the day before, when it was answered.
func (s *seeder) leave(comments []said, all []moderation.Submitted, at time.Time) error {
	s.clock.set(at)
	for _, l := range s.leaving {
		if err := s.Moderation.Withdraw(s.ctx, s.site, l.ID, l.EditToken); err != nil {
			return err
		}
	}
	s.leaving = nil
	for i, c := range comments {
		if c.withdrawn {
			s.leaving = append(s.leaving, all[i])
		}
	}
	return nil
}

// slip is a slip of the finger, taken back at once.
func (s *seeder) slip(ref moderation.Ref) (moderation.Ref, error) {
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
