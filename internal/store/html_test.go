package store_test

import (
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// An earlier program stores HTML and its version of the renderer, and renders the text of rows with version 0 itself.
// The columns are removed one release later.
func TestComments_EarlierProgramsRenderNewText(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		w := apptest.NewOn(t, url)
		rows := raw(t, url)
		stored := func(id string) (html string, markup int) {
			t.Helper()
			if err := rows.QueryRow("SELECT html, markup FROM comments WHERE id = '"+id+"'").Scan(&html, &markup); err != nil {
				t.Fatal(err)
			}
			return html, markup
		}
		c, token := w.SubmitWithToken(w.A, "**Words** & a\nlink: www.x.example")
		if html, markup := stored(c.ID); html != "" || markup != 0 {
			t.Errorf("stored with the HTML %q of version %d", html, markup)
		}
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		rows.exec(t, "UPDATE comments SET html = '<p>as the earlier program rendered it</p>', markup = 4")
		const want = `<p><strong>Words</strong> &amp; a<br>link: <a href="http://www.x.example" rel="nofollow ugc noopener">www.x.example</a></p>`
		if shown := w.Thread(w.A).Comments; len(shown) != 1 || shown[0].HTML() != want {
			t.Errorf("shown are %+v, want %s", shown, want)
		}
		w.Clock.Add(time.Minute)
		if _, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "Other words."); err != nil {
			t.Fatal(err)
		}
		if html, markup := stored(c.ID); html != "" || markup != 0 {
			t.Errorf("after an edit, the row has the HTML %q of version %d", html, markup)
		}
	})
}
