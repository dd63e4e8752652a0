package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
)

// given returns a new author of site a with an identity.
func (w *world) given(name string) (authz.Actor, identity.WriterIdentity) {
	w.T.Helper()
	who := w.AddStaff(name, authz.Author, "a")
	got, err := w.App.IssueIdentity(w.Ctx, who, w.A)
	w.Must(err)
	return who, got
}

func TestWriter_BoundToAccountAndSite(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		who, got := w.given("ruth")
		writer, err := w.App.Writer(w.Ctx, w.A, got.Value)
		w.Must(err)
		if want := (authz.Writer{Account: who.ID(), Name: "ruth", Role: authz.Author}); writer != want ||
			got.Writer != want {
			t.Errorf("it is %+v, given as %+v, want %+v", writer, got.Writer, want)
		}
		if want := w.Clock.Now().Add(12 * time.Hour); !got.ExpiresAt.Equal(want) {
			t.Errorf("it ends at %v, want %v", got.ExpiresAt, want)
		}
		_, other := w.given("omar")
		parts := strings.Split(got.Value, ".")
		for name, value := range map[string]string{
			"nothing":             "",
			"no identity":         "abc",
			"an API token":        "aitys_" + strings.Repeat("x", 43),
			"another's proof":     parts[0] + "." + parts[1] + "." + strings.Split(other.Value, ".")[2],
			"another's name":      strings.Split(other.Value, ".")[0] + "." + parts[1] + "." + parts[2],
			"a later time":        parts[0] + "." + parts[1] + "0." + parts[2],
			"no time":             parts[0] + ".x." + parts[2],
			"an unknown account":  strings.Repeat("0", len(parts[0])) + "." + parts[1] + "." + parts[2],
			"more than there was": got.Value + ".",
		} {
			_, err := w.App.Writer(w.Ctx, w.A, value)
			apptest.WantCode(t, name, err, "identity.refused")
			apptest.WantCode(t, "the end of "+name, w.App.SignOutWriter(w.Ctx, w.A, value), "identity.refused")
		}
		_, err = w.App.Writer(w.Ctx, w.B, got.Value)
		apptest.WantCode(t, "on another site", err, "identity.refused")
		_, err = w.App.ActorByToken(w.Ctx, got.Value)
		apptest.WantCode(t, "as a token", err, "auth.needed")
		_, err = w.App.ActorBySession(w.Ctx, got.Value)
		apptest.WantCode(t, "as a session", err, "auth.needed")
	})
}

// An identity ends with the right to write under its name.
func TestWriter_RevokedWithRights(t *testing.T) {
	word, off, moderator := "a tram of nineteen apples", true, authz.Moderator
	for name, end := range map[string]func(w *world, who authz.Actor, got identity.WriterIdentity){
		"by its time": func(w *world, _ authz.Actor, _ identity.WriterIdentity) { w.Clock.Add(12 * time.Hour) },
		"when its account signs out": func(w *world, _ authz.Actor, got identity.WriterIdentity) {
			w.Must(w.App.SignOutWriter(w.Ctx, w.A, got.Value))
		},
		"with another password": func(w *world, who authz.Actor, _ identity.WriterIdentity) {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{Password: &word})
			w.Must(err)
		},
		"with the account": func(w *world, who authz.Actor, _ identity.WriterIdentity) {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{Disabled: &off})
			w.Must(err)
		},
		"with the role": func(w *world, who authz.Actor, _ identity.WriterIdentity) {
			change := identity.AccountChange{Role: &moderator, Sites: []string{"b"}}
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), change)
			w.Must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				who, got := w.given("ruth")
				_, kept := w.given("omar")
				w.Clock.Add(time.Second)
				_, err := w.App.Writer(w.Ctx, w.A, got.Value)
				w.Must(err)
				end(w, who, got)
				_, err = w.App.Writer(w.Ctx, w.A, got.Value)
				apptest.WantCode(t, "the revoked session", err, "identity.refused")
				if _, err := w.App.Writer(w.Ctx, w.A, kept.Value); name != "by its time" {
					w.Must(err)
				}
			})
		})
	}
}

func TestSignOutWriter_NewIdentityIsValid(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		who, got := w.given("ruth")
		here, err := w.App.IssueIdentity(w.Ctx, who, w.A)
		w.Must(err)
		w.Clock.Add(time.Second)
		for range 2 {
			w.Must(w.App.SignOutWriter(w.Ctx, w.A, got.Value))
		}
		_, err = w.App.Writer(w.Ctx, w.A, here.Value)
		apptest.WantCode(t, "what another browser was given", err, "identity.refused")
		w.Clock.Add(time.Second)
		again, err := w.App.IssueIdentity(w.Ctx, who, w.A)
		w.Must(err)
		_, err = w.App.Writer(w.Ctx, w.A, again.Value)
		w.Must(err)
	})
}

// Comments of staff are published with a badge, whatever the site's policy, and on closed pages. No address is stored
// with them.
func TestSubmit_StaffCommentIsPublished(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		who, got := w.given("ruth")
		writer, err := w.App.Writer(w.Ctx, w.A, got.Value)
		w.Must(err)
		reader := w.Submit(w.A, "Is the ferry running in winter, does anybody know?")
		w.Decide(authz.Operator, w.A, comment.Approve, reader.ID)
		no := false
		_, err = w.App.SetPage(w.Ctx, authz.Operator, w.A, reader.Page, sites.PageChange{Open: &no})
		w.Must(err)
		page := w.Thread(w.A).Page.URL
		in := moderation.Submission{PageURL: page, Parent: reader.ID, Body: "It is not, the bay freezes over.",
			Writer: writer, Form: &moderation.Form{Trap: "x"}}
		sent, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		c := w.Comment(w.A, sent.ID)
		if c.State != comment.Approved || c.Name != "ruth" || c.Badge != "author" || c.Account != who.ID() ||
			c.Address != nil || c.Parent != reader.ID || !c.Shown {
			t.Errorf("it is kept as %+v", c)
		}
		if n := w.Comment(w.A, reader.ID).ShownReplies; n != 1 {
			t.Errorf("what it answers has %d replies, want 1", n)
		}
		again, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		if !again.Duplicate || again.ID != sent.ID {
			t.Errorf("the same again is %+v", again)
		}
		in.Writer = authz.Writer{}
		_, err = w.App.Submit(w.Ctx, w.A, in)
		apptest.WantCode(t, "a reader's on the closed page", err, "page.closed")
	})
}

// Other commenters cannot use the name of an enabled staff account, nor a name that looks like it.
func TestSubmit_RefusesStaffNames(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		submit := func(blog string, in moderation.Submission) error {
			in.PageURL, in.Body = "https://"+blog+".example/post", "Says something else each time: "+in.Name
			where := map[string]site.Site{"a": w.A, "b": w.B}[blog]
			_, err := w.App.Submit(w.Ctx, where, in)
			return err
		}
		ruth, called := w.AddStaff("ruth", authz.Author, "a"), "Ruth Orlova"
		_, err := w.App.SetAccount(w.Ctx, authz.Operator, ruth.ID(), identity.AccountChange{Name: &called})
		w.Must(err)
		for _, name := range []string{"Ruth Orlova", "ruth  ORLOVA", "RuthOrlova", "Ruth \u041erlova", "Ruth-Orlova \u2713",
			"Ruth\u200b Orlova"} {
			err := submit("a", moderation.Submission{Name: name, Email: "ruth@mail.example"})
			apptest.WantCode(t, name, err, "field.invalid")
			var refused *problem.Error
			if apptest.AsError(err, &refused) && refused.Field != "/author/name" {
				t.Errorf("%s: refused for %s", name, refused.Field)
			}
			w.Must(submit("b", moderation.Submission{Name: name}))
		}
		for _, name := range []string{"", "Ruth", "Orlova", "Ruth Orlov", "\u2713"} {
			w.Must(submit("a", moderation.Submission{Name: name}))
		}
		got, err := w.App.IssueIdentity(w.Ctx, ruth, w.A)
		w.Must(err)
		w.Must(submit("a", moderation.Submission{Writer: got.Writer}))

		off := true
		_, err = w.App.SetAccount(w.Ctx, authz.Operator, ruth.ID(), identity.AccountChange{Disabled: &off})
		w.Must(err)
		w.Must(submit("a", moderation.Submission{Name: "Ruth Orlova"}))
		w.AddStaff("Omar", authz.Owner)
		for _, site := range []string{"a", "b"} {
			apptest.WantCode(t, "on "+site, submit(site, moderation.Submission{Name: "omar"}), "field.invalid")
		}
	})
}
