package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// signs returns a function that signs JWTs for readers of the blog.
func (w *world) signs() func(sub, name string, iat time.Time) string {
	w.t.Helper()
	key, err := w.app.ReaderAuth.SetSSOKey(context.Background(), authz.Operator, w.siteOf("blog"))
	w.must(err)
	return func(sub, name string, iat time.Time) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": "blog", "sub": sub, "name": name,
			"iat": iat.Unix(), "exp": iat.Add(5 * time.Minute).Unix()}).SignedString([]byte(key))
		w.must(err)
		return token
	}
}

// author returns the author of the newest pending comment.
func (w *world) author() (name string, verified bool) {
	w.t.Helper()
	var queue struct {
		Items []struct {
			Comment struct {
				Author struct {
					Name     string
					Verified bool
				}
			}
		}
	}
	w.must(w.client.Do(context.Background(), "GET", "/moderation/queue?sort=newest", nil, nil, &queue))
	if len(queue.Items) == 0 {
		w.t.Fatal("nothing waits")
	}
	a := queue.Items[0].Comment.Author
	return a.Name, a.Verified
}

// notes records the error codes that the widget emits.
const notes = `addEventListener("aitys:error", e => (window.faults ??= []).push(e.detail.code))`

func TestSSO_BlogSignsInReaders(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	at, sign := w.otherSite(), w.signs()
	marta := sign("reader-7", "Marta Lindqvist", time.Now())
	w.word = marta
	signedIn := shows("Signed in as") + " && " + shows("Marta Lindqvist")
	for _, width := range []int64{1280, 390} {
		blog := w.blogAt(fmt.Sprintf("%s/sso-%d", at, width), width, 844)
		w.steps(blog,
			func() error { return blog.Holds(signedIn) },
			func() error { return blog.Gone("link", "Authors, please log in") },
			func() error { return blog.Holds("localStorage.length === 0") },
			func() error {
				return blog.Type("textbox", "Comment", fmt.Sprintf("On %d pixels the harbour looks smaller than it is.", width))
			},
			func() error { return blog.Gone("textbox", "Name") },
		)
		w.checkView(blog, fmt.Sprintf("sso-%d", width))
		w.steps(blog,
			func() error { return blog.Click("button", "Post comment") },
			func() error { return blog.Holds(shows("waiting for a moderator")) },
		)
		if name, verified := w.author(); name != "Marta Lindqvist" || !verified {
			t.Errorf("a moderator sees %q, verified: %v", name, verified)
		}
		w.marksWhoIsVerified(at, fmt.Sprintf("/sso-%d", width))
		if width == 390 {
			w.signsOutAsReader(blog, marta, sign)
		}
	}
}

// marksWhoIsVerified checks that only verified names have a mark.
func (w *world) marksWhoIsVerified(at, path string) {
	w.t.Helper()
	for _, name := range []string{"Marta Lindqvist", "Marta Lindqvist verified"} {
		_, err := w.client.Post(w.t.Context(), "", w.blog.URL+path, name, "", "Called "+name+", I write of "+path+" as well.")
		w.must(err)
	}
	items, _, err := w.client.Queue(w.t.Context(), "")
	w.must(err)
	for _, it := range items {
		_, err := w.client.Decide(w.t.Context(), "approve", "", testkit.CommentRef{ID: it.Comment.ID, Version: it.Comment.Version})
		w.must(err)
	}
	reader := w.blogAt(at+path, 390, 844)
	const marked = `[...document.querySelector("aitys-comments").shadowRoot.querySelectorAll("header.meta")].map(m =>
		m.querySelector("b").textContent + ":" + [...m.children].some(e => e.localName === "span" &&
		e.textContent === "verified")).sort().join()`
	const want = `"Marta Lindqvist verified:false,Marta Lindqvist:false,Marta Lindqvist:true"`
	w.steps(reader, func() error { return reader.Holds(marked + " === " + want) })
	w.checkView(reader, "verified")
}

// signsOutAsReader signs out. A JWT from before is then refused, and a newer one is accepted.
func (w *world) signsOutAsReader(blog *testkit.Tab, word string, sign func(sub, name string, iat time.Time) string) {
	w.t.Helper()
	identify := func(word string) func() error {
		return func() error {
			_, err := testkit.Eval[bool](blog, fmt.Sprintf(`document.querySelector("aitys-comments").identify(%q), true`, word))
			return err
		}
	}
	of := func(after time.Duration) string { return sign("reader-7", "Marta Lindqvist", time.Now().Add(after)) }
	w.steps(blog,
		func() error { return blog.Click("button", "Write another") },
		func() error { return blog.Click("button", "Sign out") },
		func() error { return blog.See("link", "Authors, please log in") },
		func() error { return blog.See("textbox", "Name") },
		func() error { _, err := testkit.Eval[bool](blog, notes+", true"); return err },
		identify(of(-time.Minute)),
		func() error { return blog.Holds(`window.faults?.join() === "identity.refused"`) },
		identify(of(-6*time.Minute)),
		func() error { return blog.Holds(`window.faults.length === 2`) },
		identify(word),
		func() error { return blog.Holds(`window.faults.length === 3`) },
		func() error { return blog.See("textbox", "Name") },
		identify(of(20*time.Second)),
		func() error { return blog.Holds(shows("Signed in as") + " && " + shows("Marta Lindqvist")) },
		func() error { return blog.Gone("textbox", "Name") },
	)
}

// A page may set the identity before or after the comments are loaded.
func TestSSO_LateIdentity(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	at, sign := w.otherSite(), w.signs()
	early := w.tab(1280, 844, false)
	w.must(early.BlockThirdPartyCookies(), early.AddInitScript(fmt.Sprintf(`new MutationObserver((_, looks) => {
		const element = document.querySelector("aitys-comments")
		if (element?.identify) { looks.disconnect(); element.identify(%q) }
	}).observe(document, { childList: true, subtree: true })`, sign("reader-1", "Jonas Feld", time.Now()))))
	w.must(early.Go(at + "/early"))
	w.steps(early,
		func() error { return early.Holds(shows("Signed in as") + " && " + shows("Jonas Feld")) },
		func() error {
			return early.Type("textbox", "Comment", "Signed in before anything was to be seen here.")
		},
		func() error { return early.Click("button", "Post comment") },
		func() error { return early.Holds(shows("waiting for a moderator")) },
	)
	if name, verified := w.author(); name != "Jonas Feld" || !verified {
		t.Errorf("a moderator sees %q, verified: %v", name, verified)
	}

	late := w.blogAt(at+"/late", 390, 844)
	identify := func(word string) func() error {
		return func() error {
			_, err := testkit.Eval[bool](late, fmt.Sprintf(`document.querySelector("aitys-comments").identify(%q), true`, word))
			return err
		}
	}
	w.steps(late,
		func() error { return late.Type("textbox", "Comment", "Half a sentence, and then the page learns") },
		func() error { return late.See("textbox", "Name") },
		identify(sign("reader-2", "Olga Stern", time.Now())),
		func() error { return late.Holds(shows("Olga Stern")) },
		func() error { return late.Gone("textbox", "Name") },
		identify(sign("reader-3", "Timur Aliev", time.Now())),
		func() error { return late.Holds(shows("Timur Aliev") + " && !" + shows("Olga Stern")) },
		identify(""),
		func() error { return late.See("textbox", "Name") },
		func() error {
			return late.Holds(`document.querySelector("aitys-comments").shadowRoot.querySelector("textarea").value
				.startsWith("Half a sentence")`)
		},
	)
}

// The form shows the fields that the site requires. If the site requires sign-in, the form says so before the reader
// writes.
func TestForm_FollowsSiteRequirements(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	at, sign := w.otherSite(), w.signs()
	asks := func(who string) {
		t.Helper()
		w.must(w.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"who": who}, nil))
	}
	asks("email")
	blog := w.blogAt(at+"/asks", 1280, 844)
	w.steps(blog,
		func() error { return blog.Type("textbox", "Comment", "A remark without anybody to it, so far.") },
		func() error { return blog.Holds("!" + shows("(optional)")) },
		func() error { return blog.Click("button", "Post comment") },
		func() error { return blog.Holds(shows("Enter your name.")) },
		func() error { return blog.Type("textbox", "Name", "Nora") },
		func() error { return blog.Click("button", "Post comment") },
		func() error { return blog.Holds(shows("Enter your e-mail address. It is never shown.")) },
	)
	w.checkView(blog, "asks-email")
	w.steps(blog,
		func() error { return blog.Type("textbox", "E-mail", "nora@mail.example") },
		func() error { return blog.Click("button", "Post comment") },
		func() error { return blog.Holds(shows("waiting for a moderator")) },
	)
	asks("account")
	shut := w.blogAt(at+"/asks-more", 390, 844)
	w.steps(shut,
		func() error { return shut.Type("textbox", "Comment", "Here only members write, as I find out.") },
		func() error { return shut.Holds(shows("Sign in to comment.")) },
		func() error { return shut.Gone("textbox", "Name") },
	)
	w.checkView(shut, "asks-account")
	w.steps(shut,
		func() error { return shut.Click("button", "Post comment") },
		func() error {
			return shut.Holds(`document.querySelector("aitys-comments").shadowRoot.querySelector(".wrong")`)
		},
		func() error {
			_, err := testkit.Eval[bool](shut, fmt.Sprintf(`document.querySelector("aitys-comments").identify(%q), true`,
				sign("reader-5", "Dina Member", time.Now())))
			return err
		},
		func() error { return shut.Holds(shows("Dina Member")) },
		func() error { return shut.Click("button", "Post comment") },
		func() error { return shut.Holds(shows("waiting for a moderator")) },
	)
	if name, verified := w.author(); name != "Dina Member" || !verified {
		t.Errorf("a moderator sees %q, verified: %v", name, verified)
	}
}
